"""Rows as they are at each stage of a task's life, inserted by SQL as the owner.

Each factory makes the whole of its stage: a running task has its processor, its open attempt and both its events, so
that every invariant of schema.sql holds and a test only says what matters to it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypedDict, Unpack
from uuid import UUID

import asyncpg

from common.ids import uuid7
from common.storage import Blob

KIND: Final = "profile"
PARAMS_SCHEMA: Final[Mapping[str, object]] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "top_k": {"type": "integer", "minimum": 0, "maximum": 100, "default": 10},
        "quantiles": {"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 1}},
    },
}
ENVELOPE: Final[Mapping[str, object]] = {"kind": KIND, "version": "1", "summary": {"rows": 3}, "data": {"rows": 3}}
FAILURE: Final[Mapping[str, object]] = {"code": "input_unreadable", "message": "This is no table.", "advice": None}


class Asked(TypedDict, total=False):
    """What a test may say about any task; the rest has the gateway's defaults."""

    id: UUID
    kind: str
    tenant: str
    inputs: Mapping[str, UUID]
    params: Mapping[str, object]
    priority: int
    run_at: datetime
    timeout_s: int
    memory_mb: int
    max_attempts: int
    tags: Sequence[str]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningTask:
    """A task in the hands of a processor, in its first attempt."""

    id: UUID
    lease: int
    processor: UUID


async def a_dataset(
    connection: asyncpg.Connection,
    *,
    name: str = "flights.csv",
    tenant: str = "default",
    content: bytes = b"a,b\n1,2\n",
    media_type: str = "text/csv",
    blob: Blob | None = None,
) -> UUID:
    """A dataset's row; its bytes are in no storage, unless it is told what is there."""
    identity = uuid7()
    sha256 = blob.sha256 if blob else hashlib.sha256(content).hexdigest()
    await connection.execute(
        "INSERT INTO dataset (id, tenant, name, sha256, bytes, media_type) VALUES ($1, $2, $3, $4, $5, $6)",
        *(identity, tenant, name, sha256, blob.bytes if blob else len(content), media_type),
    )
    return identity


async def a_processor(
    connection: asyncpg.Connection,
    *,
    name: str = "processor-1",
    kinds: Sequence[str] = (KIND,),
    slots: int = 2,
    heartbeat_age: timedelta = timedelta(0),
    stopping: bool = False,
) -> UUID:
    """A processor that was last heard of `heartbeat_age` ago."""
    identity = uuid7()
    await connection.execute(
        "INSERT INTO processor (id, name, version, slots, kinds, heartbeat_at, stopping) "
        "VALUES ($1, $2, '0.1.0', $3, $4, now() - $5::interval, $6)",
        *(identity, name, slots, list(kinds), heartbeat_age, stopping),
    )
    return identity


async def a_kind(
    connection: asyncpg.Connection,
    *,
    name: str = KIND,
    version: str = "1",
    inputs: Mapping[str, str] | None = None,
    params_schema: Mapping[str, object] = PARAMS_SCHEMA,
) -> None:
    """A kind that was announced; it is on offer while a living processor lists it."""
    await connection.execute(
        "INSERT INTO kind (name, version, title, summary, inputs, example, params_schema) "
        "VALUES ($1, $2, 'Profile', 'What is in each column.', $3, '{}', $4)",
        *(name, version, json.dumps(inputs or {"data": "the table to profile"}), json.dumps(params_schema)),
    )


async def queued_task(connection: asyncpg.Connection, **asked: Unpack[Asked]) -> UUID:
    """A task that waits, with its first event. Without `inputs` it gets a dataset of its own as `data`."""
    identity = asked.get("id") or uuid7()
    tenant = asked.get("tenant", "default")
    inputs = asked.get("inputs")
    if inputs is None:
        inputs = {"data": await a_dataset(connection, tenant=tenant, content=identity.bytes)}
    await connection.execute(
        "INSERT INTO task (id, tenant, kind, params, priority, run_at, timeout_s, memory_mb, max_attempts, tags,"
        " created_at, last_seq, params_bytes)"
        " VALUES ($1, $2, $3, $4, $5, coalesce($6, now()), $7, $8, $9, $10, coalesce($11, now()), 1,"
        " octet_length($4::json::text))",
        *(identity, tenant, asked.get("kind", KIND), json.dumps(dict(asked.get("params", {})))),
        *(asked.get("priority", 0), asked.get("run_at"), asked.get("timeout_s", 600), asked.get("memory_mb", 2048)),
        *(asked.get("max_attempts", 3), list(asked.get("tags", ())), asked.get("created_at")),
    )
    for name, dataset in inputs.items():
        await connection.execute(
            "INSERT INTO task_input (task, name, dataset, filename, sha256, bytes)"
            " SELECT $1, $2, id, name, sha256, bytes FROM dataset WHERE id = $3",
            *(identity, name, dataset),
        )
    await connection.execute(
        "INSERT INTO task_tag (task, tenant, tag) SELECT $1, $2, unnest($3::text[])",
        *(identity, tenant, list(asked.get("tags", ()))),
    )
    await connection.execute("INSERT INTO event (task, seq, type) VALUES ($1, 1, 'queued')", identity)
    return identity


async def running_task(
    connection: asyncpg.Connection,
    *,
    processor: UUID | None = None,
    lease: int = 1,
    lease_for: timedelta = timedelta(seconds=30),
    **asked: Unpack[Asked],
) -> RunningTask:
    """A task that was claimed; a negative `lease_for` makes a lease that has run out."""
    identity = await queued_task(connection, **asked)
    holder = processor or await a_processor(connection, kinds=(asked.get("kind", KIND),))
    name = await connection.fetchval("SELECT name FROM processor WHERE id = $1", holder)
    await connection.execute(
        "UPDATE task SET state = 'running', processor = $2, lease = $3, lease_until = now() + $4::interval,"
        " attempts = 1, started_at = now(), last_seq = 2, version = version + 1 WHERE id = $1",
        *(identity, holder, lease, lease_for),
    )
    await connection.execute(
        "INSERT INTO attempt (task, number, lease, processor, processor_name) VALUES ($1, 1, $2, $3, $4)",
        *(identity, lease, holder, name),
    )
    await an_event(connection, identity, "started", attempt=1, data={"processor": name}, seq=2)
    return RunningTask(id=identity, lease=lease, processor=holder)


async def finished_task(
    connection: asyncpg.Connection,
    *,
    state: str = "succeeded",
    envelope: Mapping[str, object] = ENVELOPE,
    error: Mapping[str, object] | None = None,
    **asked: Unpack[Asked],
) -> UUID:
    """A task that ran once and ended `succeeded` (with a result), `failed` (with an error) or `cancelled`."""
    task = await running_task(connection, **asked)
    reason = json.dumps(dict(error or FAILURE)) if state == "failed" else None
    await connection.execute(
        "UPDATE task SET state = $2, processor = NULL, lease_until = NULL, finished_at = now(), last_seq = 3,"
        " error = $3, failures = $4, version = version + 1 WHERE id = $1",
        *(task.id, state, reason, int(state == "failed")),
    )
    await connection.execute(
        "UPDATE attempt SET outcome = $2, finished_at = now(), error = $3, peak_memory_bytes = 1000000,"
        " cpu_seconds = 0.5 WHERE task = $1",
        *(task.id, state, reason),
    )
    data = {"error": json.loads(reason)} if reason else {}
    await an_event(connection, task.id, state, attempt=1, data=data, seq=3)
    if state == "succeeded":
        await connection.execute(
            "INSERT INTO result (task, lease, body, bytes) VALUES ($1, $2, $3, octet_length($3::json::text))",
            task.id,
            task.lease,
            json.dumps(dict(envelope)),
        )
    return task.id


async def an_event(
    connection: asyncpg.Connection,
    task: UUID,
    type_: str,
    *,
    attempt: int | None = None,
    data: Mapping[str, object] | None = None,
    seq: int | None = None,
) -> int:
    """Append an event to a feed; returns its seq. With a `seq` the task's row is left alone."""
    number = seq or await connection.fetchval(
        "UPDATE task SET last_seq = last_seq + 1 WHERE id = $1 RETURNING last_seq", task
    )
    await connection.execute(
        "INSERT INTO event (task, seq, type, attempt, data) VALUES ($1, $2, $3, $4, $5)",
        *(task, number, type_, attempt, json.dumps(dict(data or {}))),
    )
    return int(number)


async def a_progress(
    connection: asyncpg.Connection,
    task: UUID,
    *,
    lease: int = 1,
    rev: int = 1,
    data: Mapping[str, object] | None = None,
) -> None:
    """Set the present progress of a task."""
    await connection.execute(
        "INSERT INTO progress (task, lease, rev, data) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (task) DO UPDATE SET lease = $2, rev = $3, data = $4",
        *(task, lease, rev, json.dumps(dict(data or {"phase": "scan", "fraction": 0.5}))),
    )


async def an_artifact(
    connection: asyncpg.Connection,
    task: UUID,
    *,
    name: str = "report.html",
    content: bytes = b"<p>fine</p>",
    media_type: str = "text/html",
) -> None:
    """An artifact's row; its bytes are in no storage."""
    await connection.execute(
        "INSERT INTO artifact (task, name, sha256, bytes, media_type) VALUES ($1, $2, $3, $4, $5)",
        *(task, name, hashlib.sha256(content).hexdigest(), len(content), media_type),
    )
