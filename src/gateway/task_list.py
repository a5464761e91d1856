"""Lists of tasks: pages and counts of those that match a filter.

Each filter is walked along the index that leaves least to look at; what else is asked is checked on the way. A walk
looks at 10,000 tasks at most (see list_tasks.sql). One that ends there gives a page with fewer entries, perhaps none,
and a cursor that leads on: a filter that hardly anything matches takes more pages, and never a long statement. So does
one whose tasks have large params.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from common.database import FOR_THESE_VALUES, Pool, fetch_planned
from common.queries import load_query
from common.words import TaskState
from gateway.pagination import PageAsked
from gateway.task_filter import TaskFilter
from gateway.task_view import Row
from gateway.tasks import FITTING_TASKS, MOST_PARAMS_BYTES, SELECT_TASKS, WITHOUT_ATTEMPTS

LIST_TASKS: Final = load_query("gateway", "list_tasks")
LIST_TASKS_IN_STATE: Final = load_query("gateway", "list_tasks_in_state")
LIST_TASKS_OF_KIND: Final = load_query("gateway", "list_tasks_of_kind")
LIST_TASKS_WITH_TAG: Final = load_query("gateway", "list_tasks_with_tag")
LIST_TASKS_OF_DATASET: Final = load_query("gateway", "list_tasks_of_dataset")

Room = Callable[[int], Awaitable[None]]

MOST_COUNTED: Final = 10_000
ADDED_BYTES: Final = 1_100  # what is shown of a task besides its params, about
WITH_IDS: Final = True
WITHOUT_IDS: Final = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Some of the tasks that match.

    Attributes:
        found: how many.
        ids: which, newest first; empty if only their number was asked for.
        goes_on_after: the id after which there may be more; None at the end.
    """

    found: int
    ids: Sequence[UUID]
    goes_on_after: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """How many tasks match: exactly, or at least."""

    value: int
    exact: bool


async def anywhere(_count: int) -> None:
    """As much room as anybody likes."""


class TaskList:
    """The lists of all tenants; each call names one.

    Args:
        pool: of the gateway's database role.
    """

    def __init__(self, *, pool: Pool) -> None:
        self._pool = pool

    async def page(
        self, wanted: TaskFilter, asked: PageAsked, *, tenant: str, room: Room = anywhere
    ) -> tuple[Sequence[Row], UUID | None]:
        """One page, newest first, without attempts; and the id after which the next one begins, if there may be one.

        Args:
            wanted: the filter.
            asked: which page.
            tenant: whose tasks.
            room: is told how many bytes the answer will have, about, before they are read.
        """
        walk = await self.walk(wanted, asked, tenant=tenant)
        ids, count = await self._fitting(walk.ids)
        await room(count + ADDED_BYTES * len(ids))
        rows: Sequence[Row] = await self._pool.fetch(SELECT_TASKS, ids, tenant, WITHOUT_ATTEMPTS) if ids else []
        return rows, walk.goes_on_after if len(ids) == len(walk.ids) else ids[-1]

    async def _fitting(self, ids: Sequence[UUID]) -> tuple[Sequence[UUID], int]:
        """The first of them, as many as can be shown at once, and the bytes of their params, which may be large."""
        if not ids:
            return ids, 0
        row = await self._pool.fetchrow(FITTING_TASKS, ids, MOST_PARAMS_BYTES)
        return (row["ids"], row["bytes"]) if row is not None and row["ids"] else (ids, 0)  # they are gone

    async def walk(self, wanted: TaskFilter, asked: PageAsked, *, tenant: str) -> Walk:
        """The ids of one page."""
        return await self._walk(wanted, asked, tenant=tenant, with_ids=WITH_IDS)

    async def total(self, wanted: TaskFilter, *, tenant: str) -> Total:
        """How many tasks match, counted up to a number."""
        walk = await self._walk(wanted, PageAsked(limit=MOST_COUNTED, after=None), tenant=tenant, with_ids=WITHOUT_IDS)
        return Total(value=walk.found, exact=walk.goes_on_after is None and walk.found < MOST_COUNTED)

    async def _walk(self, wanted: TaskFilter, asked: PageAsked, *, tenant: str, with_ids: bool) -> Walk:
        below = wanted.until if asked.after is None else min(asked.after, wanted.until)
        values = [tenant, below, wanted.since, asked.limit, with_ids]
        values += [wanted.state, wanted.kind, wanted.tag, wanted.text]
        if wanted.dataset is not None:
            statement, values = LIST_TASKS_OF_DATASET, [*values, wanted.dataset]
        else:
            statement = _statement(wanted)
        (row,) = await fetch_planned(self._pool, FOR_THESE_VALUES, statement, *values)
        ids = sorted(row["ids"] or (), reverse=True)
        is_full = row["found"] == asked.limit
        return Walk(found=row["found"], ids=ids, goes_on_after=ids[-1] if is_full and ids else row["stopped_at"])


def _statement(wanted: TaskFilter) -> str:
    """The one whose index leaves least to look at: few tasks have one tag, and most have succeeded."""
    match wanted:
        case TaskFilter(tag=str()):
            return LIST_TASKS_WITH_TAG
        case TaskFilter(state=TaskState(), kind=None):
            return LIST_TASKS_IN_STATE
        case TaskFilter(state=TaskState() as state) if state is not TaskState.SUCCEEDED:
            return LIST_TASKS_IN_STATE
        case TaskFilter(kind=str()):
            return LIST_TASKS_OF_KIND
        case _:
            return LIST_TASKS
