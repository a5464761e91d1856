"""/v1/datasets: bytes in, and what is there."""

from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from uuid import UUID

import asyncpg
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.arrivals import Arrivals
from gateway.body import media_type
from gateway.body_coding import check_plain, check_whole
from gateway.body_digest import checked_stream
from gateway.caller import tenant_of
from gateway.conditional import PRIVATE, is_known, not_modified
from gateway.datasets import Datasets, dataset_view
from gateway.deeds import deeds_of
from gateway.doorkeeper import look_again
from gateway.errors import BodyInvalidError, MediaTypeError
from gateway.form import SLACK_BYTES, Form
from gateway.json_text import json_response
from gateway.method_route import MethodRoute
from gateway.pagination import page_asked, page_response
from gateway.paths import dataset_path, not_found, path_id


class DatasetRoutes:
    """Hands datasets in and shows them."""

    def __init__(self, *, datasets: Datasets) -> None:
        self._datasets = datasets

    def routes(self) -> list[Route]:
        """What this class serves."""
        return [
            Route("/v1/datasets", self._list, methods=["GET"]),
            Route("/v1/datasets", self._post, methods=["POST"]),
            Route("/v1/datasets/{id}", self._get, methods=["GET"]),
            Route("/v1/datasets/{id}", self._delete, methods=["DELETE"]),
            Route("/v1/datasets/{name}", self._put, methods=["PUT"]),
            # A path, so that a name with a slash, or none, is refused with a sentence and not with a 404.
            MethodRoute("/v1/datasets/{name:path}", self._put, methods=["PUT"]),
        ]

    async def _put(self, request: Request) -> Response:
        check_plain(request)
        check_whole(request)
        declared = request.headers.get("content-length")
        self._datasets.check_length(declared)
        async with self._arrivals(request) as arrivals:
            await arrivals.take(
                checked_stream(request),
                name=request.path_params["name"],
                sent_media_type=request.headers.get("content-type", ""),
                declared=declared,
            )
            return _handed_in(await arrivals.record())

    async def _post(self, request: Request) -> Response:
        if media_type(request) != "multipart/form-data":
            raise MediaTypeError(
                "POST takes a form with a file.", advice="curl -F data=@FILE, or curl -T FILE …/v1/datasets/NAME."
            )
        check_plain(request)
        self._datasets.check_length(request.headers.get("content-length"), slack=SLACK_BYTES)
        async with self._arrivals(request) as arrivals:
            await _take_one_file(Form(checked_stream(request), content_type=request.headers["content-type"]), arrivals)
            return _handed_in(await arrivals.record())

    def _arrivals(self, request: Request) -> Arrivals:
        return self._datasets.arrivals(
            tenant=tenant_of(request), check=partial(look_again, request.scope), deeds=deeds_of(request)
        )

    async def _get(self, request: Request) -> Response:
        row = await self._datasets.find(path_id(request, of="dataset"), tenant=tenant_of(request))
        if row is None:
            raise not_found("dataset")
        etag = f'"{row["id"]}"'  # nothing of a dataset ever changes
        if is_known(request, etag):
            return not_modified(etag)
        return json_response(dataset_view(row), headers={"etag": etag, "cache-control": PRIVATE})

    async def _delete(self, request: Request) -> Response:
        if not await self._datasets.remove(path_id(request, of="dataset"), tenant=tenant_of(request)):
            raise not_found("dataset")
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _list(self, request: Request) -> Response:
        asked = page_asked(request)
        rows = await self._datasets.page(asked, tenant=tenant_of(request))
        last: UUID | None = rows[-1]["id"] if len(rows) == asked.limit else None
        return page_response("datasets", [dataset_view(row) for row in rows], request=request, asked=asked, last=last)


async def _take_one_file(form: Form, arrivals: Arrivals) -> None:
    has_one = False
    async for part in form.parts():
        if part.head.filename is None:
            continue
        if has_one:
            raise BodyInvalidError("The form has more than one file.", advice="Hand in one file a request.")
        await arrivals.take(part.chunks(), name=part.head.filename, sent_media_type=part.head.media_type)
        has_one = True
    if not has_one:
        raise BodyInvalidError("The form has no file.", advice="curl -F data=@FILE")


def _handed_in(rows: Sequence[asyncpg.Record]) -> Response:
    (row,) = rows
    status = HTTPStatus.CREATED if row["is_new"] else HTTPStatus.OK
    return json_response(dataset_view(row), status=status, headers={"location": dataset_path(row["id"])})
