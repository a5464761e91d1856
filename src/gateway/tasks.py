"""Tasks that are there: finds them, cancels them, and sends the hints that follow each commit."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from common.database import Pool
from common.notifier import Notifier
from common.queries import load_query
from common.words import TaskState
from gateway.task_view import Row

SELECT_TASKS: Final = load_query("gateway", "select_tasks")
FITTING_TASKS: Final = load_query("gateway", "fitting_tasks")
CANCEL_TASKS: Final = load_query("gateway", "cancel_tasks")

WITH_ATTEMPTS: Final = True
WITHOUT_ATTEMPTS: Final = False
MOST_PARAMS_BYTES: Final = 4 << 20  # of tasks that are read at once: writing them as JSON holds everybody up


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """What a request to cancel did; in neither: what is final, was asked to stop before, or does not exist.

    Attributes:
        at_once: they waited; they are final now.
        asked: they run; their processors are asked to stop them.
    """

    at_once: frozenset[UUID]
    asked: frozenset[UUID]


class Tasks:
    """The tasks of all tenants; each call names one.

    Args:
        pool: of the gateway's database role.
        notifier: told of every change after its commit.
    """

    def __init__(self, *, pool: Pool, notifier: Notifier) -> None:
        self._pool = pool
        self._notifier = notifier

    async def find(self, identity: UUID, *, tenant: str) -> Row | None:
        """One task with its attempts, if the tenant has it."""
        row: Row | None = await self._pool.fetchrow(SELECT_TASKS, [identity], tenant, WITH_ATTEMPTS)
        return row

    async def find_all(self, ids: Collection[UUID], *, tenant: str) -> Sequence[Row]:
        """Those of the tasks that the tenant has, newest first, with their attempts."""
        rows: Sequence[Row] = await self._pool.fetch(SELECT_TASKS, list(ids), tenant, WITH_ATTEMPTS) if ids else []
        return rows

    async def cancel(self, ids: Iterable[UUID], *, tenant: str) -> Cancelled:
        """Cancel tasks that wait, ask for the end of those that run; idempotent."""
        rows = await self._pool.fetch(CANCEL_TASKS, list(ids), tenant, None)
        by_state = {
            state: frozenset(row["id"] for row in rows if row["state"] == state)
            for state in (TaskState.CANCELLED, TaskState.RUNNING)
        }
        done = Cancelled(at_once=by_state[TaskState.CANCELLED], asked=by_state[TaskState.RUNNING])
        self._notifier.cancel_asked(done.asked)
        self._notifier.feed_moved(done.at_once | done.asked)
        return done
