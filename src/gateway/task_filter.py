"""Which tasks a list, a dashboard or a bulk command is about, read from the URL's query."""

import re
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
NO_CONTROLS: Final = r"[^\u0000-\u001f\u007f-\u009f]*"  # as ECMA-262 has it, too: it stands in the API's description
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
    if kind is not None and (len(kind) > LONGEST_KIND or not _is_written(kind)):
        raise QueryInvalidError("kind: this is no name of a kind.")
    return kind


def _word_asked(request: Request, name: str, *, longest: int) -> str | None:
    word = request.query_params.get(name)
    if word is not None and not (1 <= len(word) <= longest and _is_written(word)):
        raise QueryInvalidError(f"{name}: must have 1 to {longest} characters, none of them a control character.")
    return word


def _is_written(word: str) -> bool:
    return re.fullmatch(NO_CONTROLS, word) is not None


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
