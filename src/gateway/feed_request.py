"""What a client asked of a feed, read from its request."""

import re
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from starlette.requests import Request

from gateway.errors import NotAcceptableError, QueryInvalidError
from gateway.paths import TENANT, path_id
from gateway.wire import Form

MOST_SEQ: Final = 2**31 - 1
DIGITS: Final = re.compile(r"\d{1,10}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedAsked:
    """What a client asked of a feed.

    Attributes:
        after: its cursor; None if it named none.
        follow: go on when history is told; else end there.
        comes_back: it is the kind of client that reconnects by itself, so its stream may rotate.
    """

    task: UUID
    tenant: str
    caller: str
    after: int | None
    form: Form
    follow: bool
    comes_back: bool


def feed_asked(request: Request) -> FeedAsked:
    """What a request for a feed asks.

    Raises:
        QueryInvalidError: a cursor or a flag cannot be read.
        NotAcceptableError: it accepts none of the forms.
    """
    form = form_asked(request)
    return FeedAsked(
        task=path_id(request, of="task"),
        tenant=TENANT,
        caller=caller_of(request),
        after=cursor_asked(request),
        form=form,
        follow=follow_asked(request),
        comes_back=form is Form.SSE and Form.SSE.value in request.headers.get("accept", ""),
    )


def form_asked(request: Request) -> Form:
    """The first form that the client accepts; an event stream if it takes anything.

    Raises:
        NotAcceptableError: it accepts none of the forms.
    """
    accepted = [part.split(";")[0].strip().lower() for part in request.headers.get("accept", "*/*").split(",")]
    for media_type in accepted:
        if media_type in {"*/*", "text/*"}:
            return Form.SSE
        if media_type in set(Form):
            return Form(media_type)
    raise NotAcceptableError("A feed has none of these forms.", advice=f"Accept one of {', '.join(Form)}.")


def cursor_asked(request: Request) -> int | None:
    """The last event that the client saw: `Last-Event-ID`, which a reconnecting browser sends, goes before `?after=`.

    Raises:
        QueryInvalidError: it is no number of an event.
    """
    text = request.headers.get("last-event-id") or request.query_params.get("after")
    if text is None or text == "":
        return None
    if not DIGITS.fullmatch(text) or int(text) > MOST_SEQ:
        raise QueryInvalidError(
            "after: this is no number of an event.", advice="Give the id of the last event you saw."
        )
    return int(text)


def follow_asked(request: Request) -> bool:
    """Whether the client wants what is still to come.

    Raises:
        QueryInvalidError: it is neither 0 nor 1.
    """
    text = request.query_params.get("follow", "1")
    if text not in {"0", "1"}:
        raise QueryInvalidError("follow: must be 0 or 1.")
    return text == "1"


def caller_of(request: Request) -> str:
    """Whom streams are counted for."""
    return request.client.host if request.client is not None else ""
