"""Commands for all tasks that match a filter, in batches of a bounded size, each a transaction of its own.

A request does a bounded number of batches; where there is more to do it says where to go on. Whatever was done when a
request breaks off stays done, and doing it again is harmless.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self
from uuid import UUID

from common.words import TaskState
from gateway.errors import QueryInvalidError
from gateway.pagination import PageAsked, cursor_of, id_of
from gateway.retries import Retries
from gateway.task_filter import TaskFilter
from gateway.task_list import TaskList
from gateway.tasks import Tasks

TASKS_A_BATCH: Final = 500
BATCHES_A_REQUEST: Final = 20
CANCELLABLE: Final = (TaskState.QUEUED, TaskState.RUNNING)  # in this order: what is claimed meanwhile is met again
RETRIABLE: Final = (TaskState.FAILED, TaskState.CANCELLED)

Counts = Counter[str]
Change = Callable[[Sequence[UUID]], Awaitable[Counts]]
Tell = Callable[[Collection[UUID]], None]  # told of the tasks that were changed, batch by batch


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a command has come: which state it walks, and after which task it goes on."""

    state: TaskState
    after: UUID | None

    def as_cursor(self) -> str:
        """What leads back to it."""
        return f"{self.state}.{'' if self.after is None else cursor_of(self.after)}"

    @classmethod
    def of_cursor(cls, cursor: str) -> Self:
        """The position that a cursor stands for.

        Raises:
            QueryInvalidError: it is none of ours.
        """
        state, _, after = cursor.partition(".")
        if state not in set(TaskState):
            raise QueryInvalidError("cursor: this is none of ours.", advice="Take the URL from `next` as it is.")
        return cls(state=TaskState(state), after=id_of(after) if after else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progressed:
    """What a request did, and where the next one goes on; None: all is done."""

    counts: Counts
    then: Position | None


class Bulk:
    """Walks the tasks that match and changes them.

    Args:
        listed: finds them.
        tasks: cancels them.
        retries: retries them.
    """

    def __init__(self, *, listed: TaskList, tasks: Tasks, retries: Retries) -> None:
        self._listed = listed
        self._tasks = tasks
        self._retries = retries

    async def cancel(self, wanted: TaskFilter, *, start: Position | None, tenant: str, tell: Tell) -> Progressed:
        """Cancel those that wait, ask for the end of those that run; counts `cancelled` and `stopping`.

        Raises:
            QueryInvalidError: the filter's state is one from which none can be cancelled.
        """

        async def change(ids: Sequence[UUID]) -> Counts:
            done = await self._tasks.cancel(ids, tenant=tenant)
            tell(done.at_once | done.asked)
            return Counter(cancelled=len(done.at_once), stopping=len(done.asked))

        return await self._walk(wanted, _states(wanted, CANCELLABLE), start=start, tenant=tenant, change=change)

    async def retry(self, wanted: TaskFilter, *, start: Position | None, tenant: str, tell: Tell) -> Progressed:
        """Retry those that failed or were cancelled, as they are; counts `queued`.

        Raises:
            QueryInvalidError: the filter's state is one from which none can be retried.
        """

        async def change(ids: Sequence[UUID]) -> Counts:
            done = await self._retries.retry_all(ids, tenant=tenant)
            tell(done)
            return Counter(queued=len(done))

        return await self._walk(wanted, _states(wanted, RETRIABLE), start=start, tenant=tenant, change=change)

    async def _walk(
        self, wanted: TaskFilter, states: Sequence[TaskState], *, start: Position | None, tenant: str, change: Change
    ) -> Progressed:
        counts: Counts = Counter()
        position: Position | None = start or Position(state=states[0], after=None)
        for _ in range(BATCHES_A_REQUEST):
            if position is None:
                break
            walk = await self._listed.walk(
                replace(wanted, state=position.state),
                PageAsked(limit=TASKS_A_BATCH, after=position.after),
                tenant=tenant,
            )
            if walk.ids:
                counts.update(await change(walk.ids))
            position = _next(position, walk.goes_on_after, states)
        return Progressed(counts=counts, then=position)


def _next(position: Position, after: UUID | None, states: Sequence[TaskState]) -> Position | None:
    if after is not None:
        return replace(position, after=after)
    left = states[states.index(position.state) + 1 :] if position.state in states else ()
    return Position(state=left[0], after=None) if left else None


def _states(wanted: TaskFilter, possible: Sequence[TaskState]) -> Sequence[TaskState]:
    if wanted.state is None:
        return possible
    if wanted.state not in possible:
        raise QueryInvalidError(f"state: must be {' or '.join(possible)} here.")
    return [wanted.state]
