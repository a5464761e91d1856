from uuid import uuid4

import asyncpg
import pytest

from helpers.database import Database
from sundog.commands.processor import NoHeartbeatError, check

INSERT_PROCESSOR = """
    INSERT INTO processor (id, name, version, slots, kinds, heartbeat_at)
    VALUES ($1, $2, '1', 1, '{}', now() - make_interval(secs => $3::float8))
"""


async def test_a_fresh_heartbeat_of_this_host_is_health(connection: asyncpg.Connection, database: Database) -> None:
    await connection.execute(INSERT_PROCESSOR, uuid4(), "here:7", 1)
    await check(database.processor_dsn, "here")


@pytest.mark.parametrize(("name", "age"), [("here:7", 60), ("hereabouts:7", 1), ("there:7", 1)])
async def test_an_old_heartbeat_or_another_hosts_is_none(
    connection: asyncpg.Connection, database: Database, name: str, age: float
) -> None:
    await connection.execute(INSERT_PROCESSOR, uuid4(), name, age)
    with pytest.raises(NoHeartbeatError, match="No processor of here"):
        await check(database.processor_dsn, "here")


async def test_a_database_that_does_not_answer_is_no_health(database: Database) -> None:
    nowhere = f"postgresql://sundog@127.0.0.1:1/{database.name}"
    with pytest.raises(NoHeartbeatError, match="Postgres does not tell"):
        await check(nowhere, "here")
