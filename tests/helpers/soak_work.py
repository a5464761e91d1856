"""The tasks of a soak: of every kind, and what must become of each whatever happens meanwhile."""

import random
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import asyncpg

from common.queries import load_query
from common.storage import Storage
from helpers.factories import a_dataset, queued_task

CANCEL_TASKS = load_query("gateway", "cancel_tasks")
TENANTS: Final = ("default", "second", "third")
LINES: Final = 40
STEADFAST: Final = 1000  # attempts that a task may have whose success is not in doubt


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """One sort of tasks.

    Attributes:
        share: how many of a hundred tasks are of this sort.
        state: its end, always.
        code: of its error, if it has one.
    """

    kind: str
    share: int
    state: str = "succeeded"
    code: str | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)


SORTS: Final = (
    Sort(kind="noop", share=30),
    Sort(kind="work", share=16, asked={"params": {"count": 20}}),
    Sort(kind="story", share=15),
    Sort(kind="profile", share=6),
    Sort(kind="flood", share=5, asked={"params": {"lines": LINES}}),
    Sort(kind="now-and-then", share=6),
    Sort(kind="thread", share=3),
    Sort(kind="memory", share=2, asked={"params": {"megabytes": 400}, "memory_mb": 300}),
    Sort(kind="refuse", share=4, state="failed", code="input_unreadable"),
    Sort(kind="unstorable-result", share=2, state="failed", code="result_unwritable"),
    Sort(kind="unstorable-event", share=2, state="failed", code="event_unwritable"),
    Sort(kind="too-much", share=2, state="failed", code="crashed", asked={"max_attempts": 3}),
    Sort(kind="disk", share=1, state="failed", code="out_of_disk", asked={"params": {"megabytes": 8, "gate": "/no"}}),
    Sort(kind="stubborn", share=1, state="failed", code="timed_out", asked={"params": {"gate": "/no"}, "timeout_s": 1}),
    Sort(kind="native-loop", share=1, state="failed", code="timed_out", asked={"timeout_s": 1}),
    Sort(kind="gate", share=4, state="cancelled", asked={"params": {"gate": "/no"}}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A task and what must become of it."""

    task: UUID
    sort: Sort


async def submit(
    connection: asyncpg.Connection, storage: Storage, *, count: int, rng: random.Random
) -> Sequence[Submitted]:
    """Put so many tasks into the queue, mixed; the same for the same seed."""
    table = b"".join(b"%d,%d,word%d\n" % (row, row * row, row % 7) for row in range(2000))
    content = b"a,b,c\n" + table
    await storage.put(once(content))
    inputs = {tenant: {"data": await a_dataset(connection, content=content, tenant=tenant)} for tenant in TENANTS}
    sorts = rng.choices(SORTS, weights=[sort.share for sort in SORTS], k=count)
    submitted = []
    async with connection.transaction():
        for sort in sorts:
            tenant = rng.choice(TENANTS)
            asked: dict[str, Any] = {"max_attempts": STEADFAST, "priority": rng.choice((0, 0, 0, 5)), **sort.asked}
            asked["inputs"] = inputs[tenant] if sort.kind == "profile" else {}
            task = await queued_task(connection, kind=sort.kind, tenant=tenant, **asked)
            submitted.append(Submitted(task=task, sort=sort))
    return submitted


async def once(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def cancel_some(connection: asyncpg.Connection, submitted: Sequence[Submitted]) -> None:
    """Ask for the end of those that have no other."""
    tasks = [each.task for each in submitted if each.sort.state == "cancelled"]
    running = await connection.fetch("SELECT id FROM task WHERE id = ANY ($1) AND state = 'running'", tasks)
    for tenant in TENANTS:
        await connection.execute(CANCEL_TASKS, [row["id"] for row in running], tenant, None)
