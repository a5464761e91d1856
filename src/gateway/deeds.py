"""What a request changes, told to the audit when it is committed.

The answer is no sign of it: it may come much later (`Prefer: wait`), never, since its client has gone, or be an error
of what came after. So each change is told at once where it is made; a request that says itself that it changed nothing,
such as one that came before, is not taken for one that did.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.types import Scope

from gateway.access import DATASET_CREATE

KEY: Final = "deeds"
MOST_NAMED: Final = 100  # of the tasks that one command changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One change.

    Attributes:
        action: its name in the audit; None: what the request's route does (gateway.access).
        object: id of what was changed, if it is one thing.
        detail: what else is worth knowing.
    """

    action: str | None = None
    object: UUID | str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


class Deeds:
    """What one request changes.

    Args:
        tell: is told of each change.
    """

    __slots__ = ("_tell", "are_told")

    def __init__(self, tell: Callable[[Deed], None]) -> None:
        self.are_told = False
        self._tell = tell

    def note(self, *deeds: Deed) -> None:
        """Tell what has just been committed; nothing: that the request changes nothing."""
        self.are_told = True
        for deed in deeds:
            self._tell(deed)

    def made(self, ids: Sequence[UUID]) -> None:
        """These tasks were made."""
        match ids:
            case []:
                self.note()
            case [identity]:
                self.note(Deed(object=identity))
            case _:
                self.note(Deed(detail={"made": [str(each) for each in ids]}))

    def took(self, datasets: Sequence[Mapping[str, Any]]) -> None:
        """These were handed in; those that were there already are no change."""
        self.note(*(Deed(action=DATASET_CREATE, object=each["id"]) for each in datasets if each["is_new"]))

    @contextmanager
    def of_command(self) -> Iterator["Changed"]:
        """Gather what a command for many tasks changes, and tell it in one at its end, whatever that is."""
        changed = Changed()
        try:
            yield changed
        finally:
            self.note(*([Deed(detail=changed.detail)] if changed.count else []))


class Changed:
    """The tasks that a command has changed so far: how many, and the first of them."""

    __slots__ = ("_named", "count")

    def __init__(self) -> None:
        self.count = 0
        self._named: list[str] = []

    def add(self, ids: Collection[UUID]) -> None:
        """These, too."""
        self.count += len(ids)
        self._named += map(str, islice(ids, MOST_NAMED - len(self._named)))

    @property
    def detail(self) -> dict[str, object]:
        """As the audit shows it."""
        return {"changed": self.count, "ids": self._named}


def untold() -> Deeds:
    """Those of a request of which no audit is kept."""
    return Deeds(lambda _deed: None)


def set_deeds(scope: Scope, deeds: Deeds) -> None:
    """Have a request tell what it changes."""
    scope.setdefault("state", {})[KEY] = deeds


def deeds_of(request: Request) -> Deeds:
    """Where a request tells what it changes."""
    deeds: Deeds | None = request.scope.get("state", {}).get(KEY)
    return untold() if deeds is None else deeds
