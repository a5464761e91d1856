"""What this code relies on in Postgres and asyncpg. Should a release change it, this says so before a user does."""

import asyncio

import asyncpg
import pytest

from helpers.database import Database, connected
from helpers.eventually import eventually


async def heard(queue: "asyncio.Queue[str]") -> str:
    async with asyncio.timeout(20):
        return await queue.get()


async def test_a_notification_is_heard_after_the_commit_and_not_before(database: Database) -> None:
    queue: asyncio.Queue[str] = asyncio.Queue()
    async with connected(database.dsn) as listener, connected(database.dsn) as writer:
        await listener.add_listener("facts", lambda *call: queue.put_nowait(str(call[3])))
        async with writer.transaction():
            await writer.execute("SELECT pg_notify('facts', 'first')")
            await listener.execute("SELECT 1")
            assert queue.empty()
        assert await heard(queue) == "first"


async def test_equal_notifications_of_one_transaction_are_one(database: Database) -> None:
    queue: asyncio.Queue[str] = asyncio.Queue()
    async with connected(database.dsn) as listener:
        await listener.add_listener("facts", lambda *call: queue.put_nowait(str(call[3])))
        await listener.execute("SELECT pg_notify('facts', word) FROM unnest('{same,same,other}'::text[]) AS word")
        assert [await heard(queue), await heard(queue)] == ["same", "other"]
        assert queue.empty()


async def test_a_payload_of_eight_thousand_bytes_is_refused(connection: asyncpg.Connection) -> None:
    await connection.execute("SELECT pg_notify('facts', $1)", "x" * 7_999)
    with pytest.raises(asyncpg.InvalidParameterValueError):
        await connection.execute("SELECT pg_notify('facts', $1)", "x" * 8_000)


async def test_the_commit_of_a_transaction_that_only_notifies_does_not_wait_for_a_flush(database: Database) -> None:
    behind = "SELECT pg_current_wal_insert_lsn() > pg_current_wal_flush_lsn()"
    async with connected(database.dsn) as connection:
        await connection.execute("SET synchronous_commit = on")
        unflushed = []
        for word in range(50):
            await connection.execute("SELECT pg_notify('facts', $1)", str(word))
            unflushed.append(await connection.fetchval(behind))
    # The WAL writer may have come by; that it did so after each of them may not be.
    assert any(unflushed)


async def test_the_end_of_a_backend_is_told_to_the_listener(database: Database) -> None:
    ended = asyncio.Event()
    async with connected(database.dsn) as owner:
        listener: asyncpg.Connection = await asyncpg.connect(database.dsn)
        listener.add_termination_listener(lambda _connection: ended.set())
        await owner.execute("SELECT pg_terminate_backend($1)", listener.get_server_pid())
        async with asyncio.timeout(20):
            await ended.wait()
        assert listener.is_closed()


async def test_json_keeps_its_text_to_the_letter_with_what_jsonb_would_refuse(connection: asyncpg.Connection) -> None:
    text = '{"b": "\\u0000", "a" : "\\ud800", "b": 1}'
    assert await connection.fetchval("SELECT $1::json", text) == text
    with pytest.raises(asyncpg.UntranslatableCharacterError):
        await connection.fetchval("SELECT $1::jsonb", '"\\u0000"')


async def test_a_row_that_is_locked_is_judged_by_its_newest_version(database: Database) -> None:
    """What fencing stands on: a statement that waited for a row sees what the one before made of it."""
    async with connected(database.dsn) as first, connected(database.dsn) as second:
        await first.execute("CREATE TABLE fact (id int, lease int); INSERT INTO fact VALUES (1, 1)")
        async with first.transaction():
            await first.execute("UPDATE fact SET lease = 2")
            async with asyncio.TaskGroup() as group:
                waiting = group.create_task(
                    second.fetch(
                        "WITH held AS MATERIALIZED (SELECT id FROM fact WHERE lease = 1 FOR NO KEY UPDATE) "
                        "UPDATE fact SET lease = 9 FROM held WHERE fact.id = held.id RETURNING lease"
                    )
                )
                await eventually(lambda: first.fetchval("SELECT count(*) > 0 FROM pg_locks WHERE NOT granted"))
                await first.execute("COMMIT")
                await first.execute("BEGIN")
        assert waiting.result() == []
