"""Which tasks a list, a dashboard or a bulk command is about, read from the URL's query."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from starlette.requests import Request

from common.ids import first_id
from common.words import TaskState
from gateway.errors import QueryInvalidError

LONGEST_KIND: Final = 64
LONGEST_TAG: Final = 64
LONGEST_TEXT: Final = 100
FIRST: Final = UUID(int=0)
LAST: Final = UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """Which tasks; None: any.

    Attributes:
        tag: one of the task's tags.
        text: stands in its kind, a tag or the name of an input file, in whatever case.
        since: no smaller id.
        until: only smaller ids.
    """

    state: TaskState | None = None
    kind: str | None = None
    dataset: UUID | None = None
    tag: str | None = None
    text: str | None = None
    since: UUID = FIRST
    until: UUID = LAST


def filter_asked(request: Request) -> TaskFilter:
    """The filter that is asked for.

    Raises:
        QueryInvalidError: one of its parameters cannot be.
    """
    return TaskFilter(
        state=state_asked(request),
        kind=kind_asked(request),
        dataset=_dataset_asked(request),
        tag=_word_asked(request, "tag", longest=LONGEST_TAG),
        text=_word_asked(request, "text", longest=LONGEST_TEXT),
        since=_moment_asked(request, "created_after", otherwise=FIRST),
        until=_moment_asked(request, "created_before", otherwise=LAST),
    )


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


def _word_asked(request: Request, name: str, *, longest: int) -> str | None:
    word = request.query_params.get(name)
    if word is not None and not (1 <= len(word) <= longest and word.isprintable()):
        raise QueryInvalidError(f"{name}: must have 1 to {longest} visible characters.")
    return word


def _dataset_asked(request: Request) -> UUID | None:
    dataset = request.query_params.get("dataset")
    try:
        return None if dataset is None else UUID(dataset)
    except ValueError as error:
        raise QueryInvalidError("dataset: this is no id of a dataset.") from error


def _moment_asked(request: Request, name: str, *, otherwise: UUID) -> UUID:
    """What divides the ids of tasks made before a time from those made later; ids tell their time."""
    text = request.query_params.get(name)
    if text is None:
        return otherwise
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise QueryInvalidError(f"{name}: must be a time with its offset, like 2026-11-22T09:00:00Z.")
    return first_id(int(moment.timestamp() * 1_000))
