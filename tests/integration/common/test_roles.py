"""What the two services may not do in the database, by trying it as each of them."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from helpers.database import Database, connected
from helpers.factories import an_artifact, finished_task, queued_task, running_task
from helpers.keys import a_key

pytestmark = pytest.mark.every_postgres

REFUSED_TO_THE_GATEWAY = (
    # It can neither start a task nor finish one, whatever it is and whatever columns it may change.
    "UPDATE task SET state = 'running' WHERE state = 'queued'",
    "UPDATE task SET state = 'succeeded', finished_at = now() WHERE state = 'queued'",
    "UPDATE task SET state = 'failed', finished_at = now(), error = '{}' WHERE state = 'queued'",
    "UPDATE task SET state = 'succeeded', finished_at = now() WHERE state = 'running'",
    "UPDATE task SET state = 'cancelled', finished_at = now() WHERE state = 'running'",
    "UPDATE task SET state = 'queued' WHERE state = 'running'",
    "UPDATE task SET state = 'queued', finished_at = NULL WHERE state = 'succeeded'",
    "UPDATE task SET state = 'succeeded' WHERE state = 'failed'",
    "UPDATE task SET lease = lease + 1",
    "UPDATE task SET lease_until = now() + interval '1 day'",
    "UPDATE task SET processor = id",
    "UPDATE task SET attempts = 0",
    "UPDATE task SET tenant = 'another'",
    "INSERT INTO task (id, lease) VALUES (gen_random_uuid(), 9)",
    "INSERT INTO result (task, lease, body) SELECT id, 1, '{}' FROM task WHERE state = 'queued'",
    "UPDATE result SET body = '{}'",
    "UPDATE attempt SET outcome = 'succeeded', finished_at = now()",
    "INSERT INTO progress (task, lease, data) SELECT id, 1, '{}' FROM task LIMIT 1",
    "INSERT INTO artifact (task, name, sha256, bytes, media_type) SELECT id, 'a', repeat('0', 64), 1, '' FROM task",
    # The story cannot be changed, and nothing that happened be forgotten.
    "UPDATE event SET data = '{}'",
    "DELETE FROM event",
    "DELETE FROM task",
    "DELETE FROM attempt",
    # Nobody is admitted by it, and it announces nothing.
    "INSERT INTO kind (name, version) VALUES ('profile', '9')",
    "UPDATE processor SET heartbeat_at = now()",
    "DELETE FROM processor",
    "UPDATE cap SET max_running = 100",
    "INSERT INTO schema_version (version, name) VALUES (9, 'x')",
    "UPDATE dataset SET sha256 = repeat('0', 64)",
    "CREATE TABLE mine (id integer)",
    "ALTER TABLE task ADD mine integer",
    "TRUNCATE event",
    # It reads keys, and makes or changes none; and what it wrote into the audit stays.
    "INSERT INTO api_key (id, tenant, role, name, hash) VALUES ('mine', 'default', 'admin', '', '')",
    "UPDATE api_key SET role = 'admin'",
    "UPDATE api_key SET revoked_at = NULL",
    "UPDATE api_key SET expires_at = NULL",
    "UPDATE api_key SET hash = ''",
    "DELETE FROM api_key",
    "INSERT INTO tenant (name) VALUES ('mine')",
    "UPDATE tenant SET most_queued = NULL",
    "UPDATE session SET expires_at = now() + interval '1 year'",
    "UPDATE audit SET actor = NULL",
    "DELETE FROM audit",
    "TRUNCATE audit",
    "SELECT prune_audit(now(), 100)",
)
REFUSED_TO_A_PROCESSOR = (
    # What was asked, and who asked, is not its to change; nor whether somebody wants it cancelled.
    "INSERT INTO task (id, tenant, kind) VALUES (gen_random_uuid(), 'default', 'profile')",
    "UPDATE task SET params = '{}'",
    "UPDATE task SET kind = 'noop'",
    "UPDATE task SET tenant = 'another'",
    "UPDATE task SET priority = 9",
    "UPDATE task SET timeout_s = 100000",
    "UPDATE task SET memory_mb = 100000",
    "UPDATE task SET max_attempts = 100",
    "UPDATE task SET cancel_requested_at = NULL",
    "UPDATE task SET created_at = now()",
    "UPDATE task_input SET sha256 = repeat('0', 64)",
    "DELETE FROM task_input",
    "INSERT INTO dataset (id, tenant, name) VALUES (gen_random_uuid(), 'default', 'mine.csv')",
    "UPDATE dataset SET tenant = 'another'",
    "UPDATE event SET data = '{}'",
    # How much may run is the operator's to say, and keys of requests are none of its business.
    "UPDATE cap SET max_running = 100",
    "DELETE FROM cap",
    "SELECT request FROM idempotency_key",
    "SELECT tasks FROM idempotency_key",
    "INSERT INTO schema_version (version, name) VALUES (9, 'x')",
    "CREATE TABLE mine (id integer)",
    "ALTER TABLE task ADD mine integer",
    "TRUNCATE event",
    # Who may ask is none of its business at all.
    "SELECT FROM api_key",
    "SELECT hash FROM api_key",
    "SELECT id FROM api_key",
    "UPDATE api_key SET last_used_at = now()",
    "DELETE FROM api_key",
    "SELECT FROM session",
    "DELETE FROM session",
    "SELECT FROM tenant",
    "SELECT FROM bucket",
    "UPDATE bucket SET tokens = 9",
    "SELECT FROM audit",
    "INSERT INTO audit (id, action) VALUES (gen_random_uuid(), 'mine')",
    "DELETE FROM audit",
    "TRUNCATE audit",
)
ALLOWED_TO_THE_GATEWAY = (
    "UPDATE task SET state = 'cancelled', finished_at = now() WHERE state = 'queued'",
    "UPDATE task SET state = 'queued', finished_at = NULL, error = NULL WHERE state = 'failed'",
    "UPDATE task SET cancel_requested_at = now() WHERE state = 'running'",
    "UPDATE dataset SET handed_in_at = now()",
)


@pytest.fixture
async def gateway(database: Database) -> AsyncIterator[asyncpg.Connection]:
    async with connected(database.gateway_dsn) as connection:
        yield connection


@pytest.fixture
async def processor(database: Database) -> AsyncIterator[asyncpg.Connection]:
    async with connected(database.processor_dsn) as connection:
        yield connection


@pytest.fixture(autouse=True)
async def tasks(connection: asyncpg.Connection) -> None:
    """One task at each stage, so that each statement has something to be refused at."""
    await queued_task(connection)
    await running_task(connection)
    await an_artifact(connection, await finished_task(connection))
    await finished_task(connection, state="failed")
    await connection.execute("INSERT INTO cap (tenant, max_running) VALUES ('a', 1)")
    await a_key(connection)


async def is_refused(service: asyncpg.Connection, statement: str) -> bool:
    """Try it, and undo it."""
    transaction = service.transaction()
    await transaction.start()
    try:
        await service.execute(statement)
    except asyncpg.InsufficientPrivilegeError:
        return True
    else:
        return False
    finally:
        await transaction.rollback()


async def test_the_gateway_can_neither_do_the_work_nor_change_what_happened(gateway: asyncpg.Connection) -> None:
    assert [each for each in REFUSED_TO_THE_GATEWAY if not await is_refused(gateway, each)] == []


async def test_the_gateway_can_cancel_and_retry(gateway: asyncpg.Connection) -> None:
    assert [each for each in ALLOWED_TO_THE_GATEWAY if await is_refused(gateway, each)] == []


async def test_a_processor_can_neither_ask_for_work_nor_change_what_was_asked(processor: asyncpg.Connection) -> None:
    assert [each for each in REFUSED_TO_A_PROCESSOR if not await is_refused(processor, each)] == []


async def test_neither_has_a_right_over_the_server(gateway: asyncpg.Connection, processor: asyncpg.Connection) -> None:
    for service in (gateway, processor):
        rights = await service.fetchrow(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls FROM pg_roles"
            " WHERE rolname = current_user"
        )
        assert set(rights.values()) == {False}
        assert not await service.fetchval("SELECT has_table_privilege('pg_authid', 'SELECT')")


async def test_nobody_changes_the_audit_nor_removes_what_is_young(connection: asyncpg.Connection) -> None:
    """Not even the owner, whom a grant would not stop."""
    for statement in ("UPDATE audit SET actor = 'x'", "DELETE FROM audit", "TRUNCATE audit"):
        assert await is_refused(connection, statement), statement


async def test_a_processor_removes_from_the_audit_what_is_old_and_nothing_younger(
    connection: asyncpg.Connection, processor: asyncpg.Connection
) -> None:
    for age in ("40 days", "30 days", "2 hours"):
        await connection.execute(
            "INSERT INTO audit (id, at, action) VALUES (gen_random_uuid(), now() - $1::text::interval, 'x')", age
        )
    young = await connection.fetchval("SELECT count(*) FROM audit WHERE at > now() - interval '1 day'")

    assert await processor.fetchval("SELECT prune_audit(now() - interval '35 days', 100)") == 1
    assert await processor.fetchval("SELECT prune_audit(now() + interval '9 days', 100)") == 1
    assert await connection.fetchval("SELECT count(*) FROM audit") == young
