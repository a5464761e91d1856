"""Records tasks, all of a request or none, and sends the hints that follow the commit."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg

from common.database import REFUSED, Pool
from common.errors import SundogError
from common.notifier import Notifier
from common.queries import load_query
from common.words import TaskState
from gateway.admission import Accepted
from gateway.digests import digest_of_text
from gateway.errors import DatasetUnknownError, Fault, InternalError
from gateway.idempotency import NamedRequest
from gateway.json_text import compact_json
from gateway.params import pointer
from gateway.shared import Shared
from gateway.task_view import Row

log = logging.getLogger(__name__)

MOST_TOGETHER: Final = 200
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

    Orders of one task that come while another is being written share the next statement and its commit. Those with a
    key or an id of their own do not: they may have to wait for another gateway's transaction, and nobody should wait
    with them.

    Args:
        pool: of the gateway's database role.
        notifier: told after each commit.
    """

    def __init__(self, *, pool: Pool, notifier: Notifier) -> None:
        self._pool = pool
        self._notifier = notifier
        self._shared = Shared(self._record_together, most=MOST_TOGETHER)

    async def record(self, order: Order) -> Outcome | None:
        """Record an order; it is durable when this returns. None: its key or its id is taken, and nothing was done.

        Raises:
            DatasetUnknownError: the tenant does not have one of its datasets.
        """
        if _can_share(order):
            result = await self._shared.take(order)
            if isinstance(result, SundogError):
                raise result
            return result
        return await self._record_alone(order)

    async def _record_alone(self, order: Order) -> Outcome | None:
        found = await self._write([order], is_shared=False)
        if any(row["missing"] for row in found):
            raise _datasets_unknown(found, order)
        made = {row["id"]: task for row, task in zip(found, order.tasks, strict=True) if row["earlier"] is None}
        if made and not found[0]["recorded"]:
            return None
        self._tell(made)
        return _outcome(found, order)

    async def _record_together(self, orders: Sequence[Order]) -> Sequence[Outcome | SundogError]:
        """What became of each; one that cannot be recorded takes no other with it."""
        try:
            found = await self._write(orders, is_shared=True)
        except REFUSED:
            # A value that passed every check, and that Postgres does not take: find out whose it is.
            return [await self._try_alone(order) for order in orders]
        self._tell({row["id"]: order.tasks[0] for row, order in zip(found, orders, strict=True) if _is_made(row)})
        return [
            _datasets_unknown([row], order) if row["missing"] else _outcome([row], order)
            for row, order in zip(found, orders, strict=True)
        ]

    async def _try_alone(self, order: Order) -> Outcome | SundogError:
        try:
            outcome = await self._record_alone(order)
        except SundogError as error:
            return error
        except REFUSED:
            log.exception("a task that Postgres refuses")
            return InternalError("The task could not be recorded.", advice="Tell the operator this request's id.")
        assert outcome is not None  # it has neither a key nor an id that could be taken
        return outcome

    def _tell(self, made: Mapping[UUID, Accepted]) -> None:
        self._notifier.work_arrived({task.kind for task in made.values()})
        self._notifier.feed_moved(made)

    async def _write(self, orders: Sequence[Order], *, is_shared: bool) -> Sequence[asyncpg.Record]:
        arguments = [*_lists(orders), *_of_one(None if is_shared else orders[0]), is_shared]
        while True:
            try:
                found: Sequence[asyncpg.Record] = await self._pool.fetch(RECORD_TASKS, *arguments)
            except asyncpg.ForeignKeyViolationError:
                continue  # a dataset was removed meanwhile: now it is missing
            return found


def _can_share(order: Order) -> bool:
    return len(order.tasks) == 1 and order.named is None and order.digest is None


def _is_made(row: asyncpg.Record) -> bool:
    return row["earlier"] is None and row["missing"] is None


def _outcome(found: Sequence[asyncpg.Record], order: Order) -> Outcome:
    return Outcome(
        tasks=[
            row["earlier"] or _new_row(row, task, tenant=order.tenant)
            for row, task in zip(found, order.tasks, strict=True)
        ]
    )


def _lists(orders: Sequence[Order]) -> Sequence[object]:
    """What each task has, in step."""
    both = [(order, task) for order in orders for task in order.tasks]
    tasks = [task for _, task in both]
    return (
        [identity for order in orders for identity in order.ids],
        [task.kind for task in tasks],
        [task.kind_version for task in tasks],
        [task.params for task in tasks],
        [task.priority for task in tasks],
        [task.run_at for task in tasks],
        [task.timeout_s for task in tasks],
        [task.memory_mb for task in tasks],
        [task.max_attempts for task in tasks],
        [compact_json(task.tags) for task in tasks],
        [compact_json(task.inputs) for task in tasks],
        [digest_of_text(tenant=order.tenant, kind=task.kind, params=task.params) for order, task in both],
        [task.reuse for task in tasks],
        [order.tenant for order, _ in both],
        [order.traceparent for order, _ in both],
    )


def _of_one(order: Order | None) -> Sequence[object]:
    """What a request has that is written by itself."""
    if order is None:
        return (None,) * 4
    named = (order.named.key, order.named.digest) if order.named is not None else (None, None)
    return (order.digest, *named, order.named_for)


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
        "params": task.params,
        "inputs": recorded["inputs"],
        "run_at": task.run_at or recorded["created_at"],
        "created_at": recorded["created_at"],
        **{name: getattr(task, name) for name in AS_ASKED},
        **dict.fromkeys(("error", "started_at", "finished_at", "cancel_requested_at")),
        **dict.fromkeys(("progress_rev", "progress", "attempts")),
    }
