"""Pages by keyset: a cursor is the last id that was shown, so that a page costs the same wherever it is in the list."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from gateway.errors import QueryInvalidError
from gateway.json_text import json_response

PAGE: Final = 50
LARGEST_PAGE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAsked:
    """Which part of a list: `limit` entries after the one with the id `after`."""

    limit: int
    after: UUID | None


def page_asked(request: Request) -> PageAsked:
    """The page that the URL's `limit` and `cursor` name.

    Raises:
        QueryInvalidError: one of them cannot be.
    """
    limit = request.query_params.get("limit", str(PAGE))
    if not (limit.isascii() and limit.isdigit() and len(limit) <= len(str(LARGEST_PAGE))):
        raise _limit_wrong()
    if not 1 <= int(limit) <= LARGEST_PAGE:
        raise _limit_wrong()
    cursor = request.query_params.get("cursor")
    return PageAsked(limit=int(limit), after=None if cursor is None else id_of(cursor))


def page_response(
    name: str,
    entries: Sequence[Mapping[str, object]],
    *,
    request: Request,
    asked: PageAsked,
    last: UUID | None,
    more: Mapping[str, object] | None = None,
) -> Response:
    """One page of a list, with the URL of the next one in the body and in `Link`, which has that of the first, too.

    Args:
        name: of the list in the body.
        entries: the page.
        request: which path and filters the next page keeps.
        asked: the page that was asked for.
        last: the id of its last entry if there may be more after it, else None.
        more: what else is in the body.
    """
    link = None if last is None else link_with(request, limit=str(asked.limit), cursor=cursor_of(last))
    links = [f'<{link_with(request, limit=str(asked.limit), cursor=None)}>; rel="first"']
    if link is not None:
        links.insert(0, f'<{link}>; rel="next"')
    return json_response({name: entries, "next": link, **(more or {})}, headers={"link": ", ".join(links)})


def link_with(request: Request, **changes: str | None) -> str:
    """The URL of the same request with other values of these parameters; None: without it."""
    kept = [(key, value) for key, value in request.query_params.multi_items() if key not in changes]
    changed = [(key, value) for key, value in changes.items() if value is not None]
    return f"{request.url.path}?{urlencode([*kept, *changed])}"


def cursor_of(identity: UUID) -> str:
    """What leads on after the entry with this id."""
    return urlsafe_b64encode(identity.bytes).rstrip(b"=").decode()


def id_of(cursor: str) -> UUID:
    """The id that a cursor stands for.

    Raises:
        QueryInvalidError: it is none of ours.
    """
    try:
        return UUID(bytes=urlsafe_b64decode(cursor.encode("ascii") + b"=="))
    except ValueError as error:
        raise QueryInvalidError(
            "cursor: this is none of ours.", advice="Take the URL of the next page from `next` as it is."
        ) from error


def _limit_wrong() -> QueryInvalidError:
    return QueryInvalidError(f"limit: must be a number from 1 to {LARGEST_PAGE}.")
