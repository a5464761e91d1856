"""Tasks as a client asks for them."""

from typing import Any
from uuid import UUID

import asyncpg

from helpers.factories import a_dataset


async def asked(connection: asyncpg.Connection, **changes: object) -> dict[str, Any]:
    """A body for POST /v1/tasks that is right, but for the changes."""
    inputs = changes.get("inputs") or {"data": str(await a_dataset(connection))}
    return {"kind": "profile", **changes, "inputs": inputs}


async def story(connection: asyncpg.Connection, task: str | UUID) -> list[tuple[int, str]]:
    """The numbers and types of a task's events."""
    rows = await connection.fetch("SELECT seq, type FROM event WHERE task = $1 ORDER BY seq", UUID(str(task)))
    return [(row["seq"], row["type"]) for row in rows]
