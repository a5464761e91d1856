"""Which tasks a list or a dashboard shows, read from the URL's query."""

from typing import Final

from starlette.requests import Request

from common.words import TaskState
from gateway.errors import QueryInvalidError

LONGEST_KIND: Final = 64


def state_asked(request: Request) -> TaskState | None:
    """The state that is asked for.

    Raises:
        QueryInvalidError: it is none.
    """
    state = request.query_params.get("state")
    try:
        return None if state is None else TaskState(state)
    except ValueError as error:
        raise QueryInvalidError(f"state: must be one of {', '.join(TaskState)}.") from error


def kind_asked(request: Request) -> str | None:
    """The kind that is asked for; it need not exist.

    Raises:
        QueryInvalidError: it cannot be a name of one.
    """
    kind = request.query_params.get("kind")
    if kind is not None and (len(kind) > LONGEST_KIND or not kind.isprintable()):
        raise QueryInvalidError("kind: this is no name of a kind.")
    return kind
