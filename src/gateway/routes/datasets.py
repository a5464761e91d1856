"""/v1/datasets: bytes in, and what is there."""

from http import HTTPStatus
from uuid import UUID

import asyncpg
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.body import media_type
from gateway.body_digest import checked_stream
from gateway.caller import tenant_of
from gateway.conditional import PRIVATE, is_known, not_modified
from gateway.datasets import Datasets, dataset_view
from gateway.deeds import Deeds, deeds_of
from gateway.errors import BodyInvalidError, DigestMismatchError, MediaTypeError
from gateway.form import SLACK_BYTES, Form, Part
from gateway.json_text import json_response
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
            Route("/v1/datasets/{name:path}", self._put, methods=["PUT"]),
        ]

    async def _put(self, request: Request) -> Response:
        declared = request.headers.get("content-length")
        self._datasets.check_length(declared)
        row = await self._datasets.hand_in(
            checked_stream(request),
            tenant=tenant_of(request),
            name=request.path_params["name"],
            sent_media_type=request.headers.get("content-type", ""),
            declared=declared,
            deeds=deeds_of(request),
        )
        return _handed_in(row)

    async def _post(self, request: Request) -> Response:
        if media_type(request) != "multipart/form-data":
            raise MediaTypeError(
                "POST takes a form with a file.", advice="curl -F data=@FILE, or curl -T FILE …/v1/datasets/NAME."
            )
        self._datasets.check_length(request.headers.get("content-length"), slack=SLACK_BYTES)
        deeds = deeds_of(request)
        rows: list[asyncpg.Record] = []
        try:
            async for part in Form(checked_stream(request), content_type=request.headers["content-type"]).parts():
                if part.head.filename is not None:
                    rows.append(await self._hand_in(part, is_first=not rows, tenant=tenant_of(request), deeds=deeds))
        except DigestMismatchError:  # known at the form's end, when its file has been taken
            await self._datasets.take_back(rows, tenant=tenant_of(request), deeds=deeds)
            raise
        if not rows:
            raise BodyInvalidError("The form has no file.", advice="curl -F data=@FILE")
        return _handed_in(rows[0])

    async def _hand_in(self, part: Part, *, is_first: bool, tenant: str, deeds: Deeds) -> asyncpg.Record:
        if not is_first:
            raise BodyInvalidError("The form has more than one file.", advice="Hand in one file a request.")
        return await self._datasets.hand_in(
            part.chunks(),
            tenant=tenant,
            name=part.head.filename or "",
            sent_media_type=part.head.media_type,
            deeds=deeds,
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


def _handed_in(row: asyncpg.Record) -> Response:
    status = HTTPStatus.CREATED if row["is_new"] else HTTPStatus.OK
    return json_response(dataset_view(row), status=status, headers={"location": dataset_path(row["id"])})
