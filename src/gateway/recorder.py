"""Records tasks, all of a request or none, and sends the hints that follow the commit."""

import logging
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeAlias
from uuid import UUID

import anyio
import asyncpg

from common.database import REFUSED, Pool
from common.errors import SundogError
from common.notifier import Notifier
from common.queries import load_query
from common.words import TaskState
from gateway.admission import Accepted
from gateway.batch import TASKS_A_RUN
from gateway.digests import digest_of_text
from gateway.errors import InternalError
from gateway.faults import DatasetUnknownError, Fault
from gateway.json_pointer import pointer
from gateway.json_text import compact_json
from gateway.order import Order, Outcome
from gateway.shared import Shared

log = logging.getLogger(__name__)

MOST_TOGETHER: Final = 200
MOST_BYTES: Final = 1 << 20  # of params in a statement of several requests: one request may have as many
RECORD_TASKS: Final = load_query("gateway", "record_tasks")

# What is the same of every new task.
NEW: Final[Mapping[str, Any]] = {
    "version": 1,
    "state": TaskState.QUEUED.value,
    **dict.fromkeys(("error", "started_at", "finished_at", "cancel_requested_at")),
    **dict.fromkeys(("progress_rev", "progress", "attempts")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """An order, and the digests of what its tasks ask of their inputs."""

    order: Order
    questions: Sequence[bytes]


Result: TypeAlias = Outcome | SundogError | None  # as `Recorder.record` returns or raises it


class Recorder:
    """Writes orders.

    Orders of one task that come while another is being written share the next statement and its commit. Those with a
    key or an id of their own share among themselves: they may have to wait for another gateway's transaction, and
    nobody else should wait with them. Of two with the same key or id the second waits for the next turn, and finds
    the first one's task there.

    Args:
        pool: of the gateway's database role.
        notifier: told after each commit.
    """

    def __init__(self, *, pool: Pool, notifier: Notifier) -> None:
        self._pool = pool
        self._notifier = notifier
        together = partial(
            Shared[_Entry, Result], self._record_together, most=MOST_TOGETHER, weigh=_weight, most_weight=MOST_BYTES
        )
        self._plain = together()
        self._once = together(apart=_what_it_takes)

    async def record(self, order: Order) -> Outcome | None:
        """Record an order; it is durable when this returns.

        None: its key or its id is taken, or there is no room for it, and nothing was done.

        Raises:
            DatasetUnknownError: the tenant does not have one of its datasets.
        """
        result = await self._result(order)
        if isinstance(result, SundogError):
            raise result
        return result

    async def _result(self, order: Order) -> Result:
        # Here and not in the statement's turn, in which those of all would hold up everybody at once.
        entry = _Entry(order=order, questions=await _questions(order))
        if len(order.tasks) > 1:
            return (await self._record([entry]))[0]
        shared = self._plain if _what_it_takes(entry) is None else self._once
        return await shared.take(entry)

    async def _record_together(self, entries: Sequence[_Entry]) -> Sequence[Result]:
        """What became of each; one that cannot be recorded takes no other with it."""
        try:
            return await self._record(entries)
        except REFUSED:
            # A value that passed every check, and that Postgres does not take: find out whose it is.
            return [await self._try_alone(entry) for entry in entries]

    async def _try_alone(self, entry: _Entry) -> Result:
        try:
            return (await self._record([entry]))[0]
        except REFUSED:
            log.exception("a task that Postgres refuses")
            return InternalError("The task could not be recorded.", advice="Tell the operator this request's id.")

    async def _record(self, entries: Sequence[_Entry]) -> Sequence[Result]:
        rows = iter(await self._write(entries))
        orders = [entry.order for entry in entries]
        found = [[next(rows) for _ in order.tasks] for order in orders]
        self._tell({
            row["id"]: task.kind
            for of_order, order in zip(found, orders, strict=True)
            for row, task in zip(of_order, order.tasks, strict=True)
            if row["is_done"] and row["earlier"] is None
        })  # fmt: skip
        return [_result(of_order, order) for of_order, order in zip(found, orders, strict=True)]

    def _tell(self, kinds: Mapping[UUID, str]) -> None:
        self._notifier.work_arrived(set(kinds.values()))
        self._notifier.feed_moved(kinds)

    async def _write(self, entries: Sequence[_Entry]) -> Sequence[asyncpg.Record]:
        arguments = _lists(entries)
        while True:
            try:
                found: Sequence[asyncpg.Record] = await self._pool.fetch(RECORD_TASKS, *arguments)
            except asyncpg.ForeignKeyViolationError:
                continue  # a dataset was removed meanwhile: now it is missing
            return found


async def _questions(order: Order) -> Sequence[bytes]:
    questions = []
    for number, task in enumerate(order.tasks, 1):
        questions.append(digest_of_text(tenant=order.tenant, kind=task.kind, params=task.params))
        if number % TASKS_A_RUN == 0:
            await anyio.lowlevel.checkpoint()
    return questions


def _weight(entry: _Entry) -> int:
    return sum(len(task.params) for task in entry.order.tasks)


def _what_it_takes(entry: _Entry) -> Hashable:
    """What only one request can have, and this one asks for: a key, or an id that is not new. None: nothing."""
    order = entry.order
    if order.named is not None:
        return order.tenant, order.named.key
    return None if order.digest is None else order.ids[0]


def _result(found: Sequence[asyncpg.Record], order: Order) -> Result:
    if any(row["missing"] for row in found):
        return _datasets_unknown(found, order)
    return _outcome(found, order) if all(row["is_done"] for row in found) else None


def _outcome(found: Sequence[asyncpg.Record], order: Order) -> Outcome:
    return Outcome(
        tasks=[
            row["earlier"] or _new_row(row, task, tenant=order.tenant)
            for row, task in zip(found, order.tasks, strict=True)
        ]
    )


def _lists(entries: Sequence[_Entry]) -> Sequence[object]:
    """What each task has, and then what its request has, in step."""
    orders = [entry.order for entry in entries]
    each = [(number, order, task) for number, order in enumerate(orders) for task in order.tasks]
    tasks = [task for _, _, task in each]
    named = [order.named for _, order, _ in each]
    return (
        [number for number, _, _ in each],
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
        [question for entry in entries for question in entry.questions],
        [task.reuse for task in tasks],
        [order.tenant for _, order, _ in each],
        [order.traceparent for _, order, _ in each],
        [order.digest for _, order, _ in each],
        [request and request.key for request in named],
        [request and request.digest for request in named],
        [order.named_for for _, order, _ in each],
        [order.has_room for _, order, _ in each],
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
    created_at = recorded["created_at"]
    return {
        **NEW,
        "id": recorded["id"],
        "tenant": tenant,
        "kind": task.kind,
        "params": task.params,
        "inputs": recorded["inputs"],
        "priority": task.priority,
        "timeout_s": task.timeout_s,
        "memory_mb": task.memory_mb,
        "max_attempts": task.max_attempts,
        "tags": task.tags,
        "run_at": task.run_at or created_at,
        "created_at": created_at,
    }
