"""Records tasks, all of a request or none, and sends the hints that follow the commit."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg

from common.database import Pool
from common.notifier import Notifier
from common.queries import load_query
from common.words import TaskState
from gateway.admission import Accepted
from gateway.digests import question_digest
from gateway.errors import DatasetUnknownError, Fault
from gateway.idempotency import NamedRequest
from gateway.params import pointer
from gateway.task_view import Row

RECORD_TASKS: Final = load_query("gateway", "record_tasks")

AS_ASKED: Final = ("kind", "priority", "timeout_s", "memory_mb", "max_attempts", "tags")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be recorded together.

    Attributes:
        ids: of the tasks, in step with them.
        places: where each stands in the request's body, as JSON Pointers.
        digest: of the request, if it chose the id.
        named: the request's key.
        named_for: how long the key is kept.
    """

    tenant: str
    tasks: Sequence[Accepted]
    ids: Sequence[UUID]
    places: Sequence[str]
    traceparent: str | None = None
    digest: bytes | None = None
    named: NamedRequest | None = None
    named_for: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an order led to, in its order: the row of a task that was made, or the id of an earlier one that will do."""

    tasks: Sequence[Row | UUID]


class Recorder:
    """Writes orders.

    Args:
        pool: of the gateway's database role.
        notifier: told after each commit.
    """

    def __init__(self, *, pool: Pool, notifier: Notifier) -> None:
        self._pool = pool
        self._notifier = notifier

    async def record(self, order: Order) -> Outcome | None:
        """Record an order; it is durable when this returns. None: its key or its id is taken, and nothing was done.

        Raises:
            DatasetUnknownError: the tenant does not have one of its datasets.
        """
        found = await self._write(order)
        if any(row["missing"] for row in found):
            raise _datasets_unknown(found, order)
        made = {row["id"]: task for row, task in zip(found, order.tasks, strict=True) if row["earlier"] is None}
        if made and not found[0]["recorded"]:
            return None
        self._notifier.work_arrived({task.kind for task in made.values()})
        self._notifier.feed_moved(made)
        return Outcome(
            tasks=[
                row["earlier"] or _new_row(row, task, tenant=order.tenant)
                for row, task in zip(found, order.tasks, strict=True)
            ]
        )

    async def _write(self, order: Order) -> Sequence[asyncpg.Record]:
        while True:
            try:
                found: Sequence[asyncpg.Record] = await self._pool.fetch(RECORD_TASKS, *_arguments(order))
            except asyncpg.ForeignKeyViolationError:
                continue  # a dataset was removed meanwhile: now it is missing
            return found


def _arguments(order: Order) -> Sequence[object]:
    tasks, named = order.tasks, order.named
    return (
        list(order.ids),
        [task.kind for task in tasks],
        [task.kind_version for task in tasks],
        [json.dumps(task.params) for task in tasks],
        [task.priority for task in tasks],
        [task.run_at for task in tasks],
        [task.timeout_s for task in tasks],
        [task.memory_mb for task in tasks],
        [task.max_attempts for task in tasks],
        [json.dumps(task.tags) for task in tasks],
        [json.dumps({name: str(dataset) for name, dataset in task.inputs.items()}) for task in tasks],
        [question_digest(tenant=order.tenant, kind=task.kind, params=task.params) for task in tasks],
        [task.reuse for task in tasks],
        *(order.tenant, order.traceparent, order.digest),
        *((named.key, named.digest) if named is not None else (None, None)),
        order.named_for,
    )


def _datasets_unknown(found: Sequence[asyncpg.Record], order: Order) -> DatasetUnknownError:
    faults = [
        Fault(pointer=place + pointer(("inputs", name)), detail=f"there is no dataset {task.inputs[name]}")
        for row, task, place in zip(found, order.tasks, order.places, strict=True)
        for name in row["missing"] or ()
    ]
    return DatasetUnknownError(faults, advice="Hand the file in first: curl -T FILE …/v1/datasets/NAME.")


def _new_row(recorded: asyncpg.Record, task: Accepted, *, tenant: str) -> dict[str, Any]:
    """The row that select_tasks.sql would give now."""
    return {
        "id": recorded["id"],
        "version": 1,
        "tenant": tenant,
        "state": TaskState.QUEUED.value,
        "params": json.dumps(task.params),
        "inputs": recorded["inputs"],
        "run_at": task.run_at or recorded["created_at"],
        "created_at": recorded["created_at"],
        **{name: getattr(task, name) for name in AS_ASKED},
        **dict.fromkeys(("error", "started_at", "finished_at", "cancel_requested_at")),
        **dict.fromkeys(("progress_rev", "progress", "attempts")),
    }
