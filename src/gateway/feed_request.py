"""What a client asked of a feed, read from its request."""

import re
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from starlette.requests import Request

from gateway.accept import preferred
from gateway.body import check_no_body
from gateway.caller import tenant_of
from gateway.errors import NotAcceptableError, QueryInvalidError
from gateway.header import header_list
from gateway.paths import path_id
from gateway.wire import Form

MOST_SEQ: Final = 2**31 - 1
DIGITS: Final = re.compile(r"[0-9]{1,10}")
JSON: Final = "application/json"


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
        tenant=tenant_of(request),
        after=cursor_asked(request),
        form=form,
        follow=follow_asked(request),
        comes_back=form is Form.SSE and Form.SSE.value in (header_list(request.scope, b"accept") or ""),
    )


def feed_of_new_task(task: UUID, *, tenant: str, form: Form) -> FeedAsked:
    """What a request asks that records a task and wants to watch it.

    It does not come back by itself: the same request again would record another task.
    """
    return FeedAsked(task=task, tenant=tenant, after=None, form=form, follow=True, comes_back=False)


def form_asked(request: Request) -> Form:
    """The form that the client likes best; an event stream if it takes anything.

    Raises:
        NotAcceptableError: it accepts none of the forms.
    """
    form = preferred(header_list(request.scope, b"accept"), list(Form))
    if form is None:
        raise NotAcceptableError("A feed has none of these forms.", advice=f"Accept one of {', '.join(Form)}.")
    return Form(form)


def form_instead_of_json(request: Request) -> Form | None:
    """The form of a feed that the client wants where JSON is usual; None if it did not name one before JSON."""
    accept = header_list(request.scope, b"accept")
    if accept in {None, "*/*", JSON}:  # nearly all
        return None
    form = preferred(accept, [JSON, *Form])
    return None if form in {None, JSON} else Form(form)


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


async def check_whole(request: Request) -> None:
    """See that all of a request has come before its stream begins.

    What is written past the connection's task must not run into the care that unread bodies get (gateway.unread_body),
    which waits.

    Raises:
        BodyInvalidError: it has a body.
    """
    await check_no_body(request, says="A request for a stream has no body.", advice="Send GET without one.")
