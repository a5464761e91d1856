"""Tasks: records them, finds them, cancels them, and sends the hints that follow each commit."""

import json
from collections.abc import Sequence
from enum import Enum, auto
from typing import Any, Final, assert_never
from uuid import UUID

from common.database import Pool
from common.ids import new_task_id
from common.notifier import Notifier
from common.queries import load_query
from common.words import TaskState
from gateway.errors import DatasetUnknownError, Fault
from gateway.pagination import PageAsked
from gateway.params import pointer
from gateway.submission import Accepted
from gateway.task_view import Row

CREATE_TASK: Final = load_query("gateway", "create_task")
SELECT_TASKS: Final = load_query("gateway", "select_tasks")
LIST_TASKS: Final = load_query("gateway", "list_tasks")
LIST_TASKS_IN_STATE: Final = load_query("gateway", "list_tasks_in_state")
CANCEL_TASK: Final = load_query("gateway", "cancel_task")

WITH_ATTEMPTS: Final = True
WITHOUT_ATTEMPTS: Final = False


class Cancelled(Enum):
    """What a request to cancel did."""

    AT_ONCE = auto()  # the task waited; it is final now
    ASKED = auto()  # the task runs; its processor is asked to stop it
    NOTHING = auto()  # the task is final, was asked to stop before, or does not exist


class Tasks:
    """The tasks of all tenants; each call names one.

    Args:
        pool: of the gateway's database role.
        notifier: told of every change after its commit.
    """

    def __init__(self, *, pool: Pool, notifier: Notifier) -> None:
        self._pool = pool
        self._notifier = notifier

    async def create(self, accepted: Accepted, *, tenant: str, traceparent: str | None) -> Row:
        """Record a task; it is durable when this returns.

        Raises:
            DatasetUnknownError: the tenant does not have one of its datasets.
        """
        identity = new_task_id()
        recorded = await self._pool.fetchrow(
            CREATE_TASK,
            *(identity, tenant, accepted.kind, json.dumps(accepted.params), accepted.priority, accepted.run_at),
            *(accepted.timeout_s, accepted.memory_mb, accepted.max_attempts, list(accepted.tags), traceparent),
            *(list(accepted.inputs), list(accepted.inputs.values())),
        )
        assert recorded is not None  # the statement always gives one row
        if recorded["missing"] is not None:
            raise _datasets_unknown(recorded["missing"], accepted=accepted)
        self._notifier.work_arrived([accepted.kind])
        self._notifier.feed_moved([identity])
        return _recorded_row(recorded, accepted, identity=identity, tenant=tenant)

    async def find(self, identity: UUID, *, tenant: str) -> Row | None:
        """One task with its attempts, if the tenant has it."""
        row: Row | None = await self._pool.fetchrow(SELECT_TASKS, [identity], tenant, WITH_ATTEMPTS)
        return row

    async def page(self, asked: PageAsked, *, tenant: str, state: TaskState | None, kind: str | None) -> Sequence[Row]:
        """One page, newest first, without attempts."""
        filters = (tenant, kind, asked.after, asked.limit)
        found: Sequence[Row] = await (
            self._pool.fetch(LIST_TASKS, *filters)
            if state is None
            else self._pool.fetch(LIST_TASKS_IN_STATE, *filters, state.value)
        )
        ids = [row["id"] for row in found]
        rows: Sequence[Row] = await self._pool.fetch(SELECT_TASKS, ids, tenant, WITHOUT_ATTEMPTS) if ids else []
        return rows

    async def cancel(self, identity: UUID, *, tenant: str) -> Cancelled:
        """Cancel a task that waits, ask for the end of one that runs; idempotent."""
        state = await self._pool.fetchval(CANCEL_TASK, identity, tenant, None)
        done = _CANCELLED[state]
        match done:
            case Cancelled.AT_ONCE:
                self._notifier.feed_moved([identity])
            case Cancelled.ASKED:
                self._notifier.cancel_asked([identity])
                self._notifier.feed_moved([identity])
            case Cancelled.NOTHING:
                pass
            case _:
                assert_never(done)
        return done


_CANCELLED: Final[dict[str | None, Cancelled]] = {
    TaskState.CANCELLED: Cancelled.AT_ONCE,
    TaskState.RUNNING: Cancelled.ASKED,
    None: Cancelled.NOTHING,
}


def _datasets_unknown(names: Sequence[str], *, accepted: Accepted) -> DatasetUnknownError:
    faults = [
        Fault(pointer=pointer(("inputs", name)), detail=f"there is no dataset {accepted.inputs[name]}")
        for name in names
    ]
    return DatasetUnknownError(faults, advice="Hand the file in first: curl -T FILE …/v1/datasets/NAME.")


def _recorded_row(recorded: Row, accepted: Accepted, *, identity: UUID, tenant: str) -> dict[str, Any]:
    """The row that select_tasks.sql would give now."""
    return {
        "id": identity,
        "version": recorded["version"],
        "tenant": tenant,
        "kind": accepted.kind,
        "state": TaskState.QUEUED.value,
        "params": json.dumps(accepted.params),
        "priority": accepted.priority,
        "run_at": recorded["run_at"],
        "timeout_s": accepted.timeout_s,
        "memory_mb": accepted.memory_mb,
        "max_attempts": accepted.max_attempts,
        "tags": accepted.tags,
        "created_at": recorded["created_at"],
        "inputs": recorded["inputs"],
        **dict.fromkeys(("error", "started_at", "finished_at", "cancel_requested_at")),
        **dict.fromkeys(("progress_rev", "progress", "attempts")),
    }
