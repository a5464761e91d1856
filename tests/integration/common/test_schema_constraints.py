"""Each invariant that schema.sql states by name, tried by breaking it."""

import re
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from helpers.factories import a_dataset, a_kind, a_processor, an_artifact, finished_task, queued_task, running_task
from helpers.keys import a_key

Breach = Callable[[asyncpg.Connection], Awaitable[object]]


async def a_processor_without_slots(connection: asyncpg.Connection) -> None:
    await a_processor(connection, slots=0)


async def a_kind_with_a_sentence_for_a_name(connection: asyncpg.Connection) -> None:
    await a_kind(connection, name="Two words")


async def a_dataset_with_no_digest(connection: asyncpg.Connection) -> None:
    await a_dataset(connection)
    await connection.execute("UPDATE dataset SET sha256 = upper(sha256)")


async def a_dataset_of_less_than_nothing(connection: asyncpg.Connection) -> None:
    await a_dataset(connection)
    await connection.execute("UPDATE dataset SET bytes = -1")


async def a_dataset_twice(connection: asyncpg.Connection) -> None:
    await a_dataset(connection)
    await a_dataset(connection)


def changed(assignment: str) -> Breach:
    """A queued task that is changed so."""

    async def breach(connection: asyncpg.Connection) -> None:
        await queued_task(connection)
        await connection.execute(f"UPDATE task SET {assignment}")

    return breach


async def a_running_task_without_a_lease(connection: asyncpg.Connection) -> None:
    await running_task(connection)
    await connection.execute("UPDATE task SET lease_until = NULL")


async def a_task_that_ended_and_has_no_end(connection: asyncpg.Connection) -> None:
    await finished_task(connection)
    await connection.execute("UPDATE task SET finished_at = NULL")


async def a_task_that_failed_for_no_reason(connection: asyncpg.Connection) -> None:
    await finished_task(connection, state="failed")
    await connection.execute("UPDATE task SET error = NULL")


async def a_cap_below_nothing(connection: asyncpg.Connection) -> None:
    await connection.execute("INSERT INTO cap (tenant, max_running) VALUES ('a', -1)")


async def a_cap_for_everybody_twice(connection: asyncpg.Connection) -> None:
    await connection.execute("INSERT INTO cap (max_running) VALUES (1), (2)")


async def a_closed_attempt_without_an_outcome(connection: asyncpg.Connection) -> None:
    await running_task(connection)
    await connection.execute("UPDATE attempt SET finished_at = now()")


async def a_second_open_attempt(connection: asyncpg.Connection) -> None:
    await running_task(connection)
    await connection.execute(
        "INSERT INTO attempt (task, number, lease, processor, processor_name)"
        " SELECT task, 2, 2, processor, processor_name FROM attempt"
    )


async def an_event_before_the_first(connection: asyncpg.Connection) -> None:
    task = await queued_task(connection)
    await connection.execute("INSERT INTO event (task, seq, type) VALUES ($1, 0, 'log')", task)


async def an_artifact_with_no_digest(connection: asyncpg.Connection) -> None:
    await an_artifact(connection, await finished_task(connection))
    await connection.execute("UPDATE artifact SET sha256 = 'x'")


def keyed(statement: str) -> Breach:
    """A statement where there is a key of the tenant `default`."""

    async def breach(connection: asyncpg.Connection) -> None:
        await a_key(connection)
        await connection.execute(statement)

    return breach


BREACHES: dict[str, list[Breach]] = {
    "processor_has_slots": [a_processor_without_slots],
    "kind_name_is_a_word": [a_kind_with_a_sentence_for_a_name],
    "dataset_sha256_is_a_digest": [a_dataset_with_no_digest],
    "dataset_bytes_not_negative": [a_dataset_of_less_than_nothing],
    "dataset_handed_in_once": [a_dataset_twice],
    "task_running_has_a_lease": [
        changed("state = 'running'"),
        changed("lease_until = now()::timestamptz, processor = id"),
        a_running_task_without_a_lease,
    ],
    "task_final_has_an_end": [
        changed("finished_at = now()"),
        changed("state = 'cancelled'"),
        a_task_that_ended_and_has_no_end,
    ],
    "task_failed_has_an_error": [a_task_that_failed_for_no_reason],
    "task_limits_positive": [changed("timeout_s = 0"), changed("memory_mb = 0"), changed("max_attempts = 0")],
    "task_counts_in_step": [changed("failures = 1"), changed("crashes = 1"), changed("last_seq = -1")],
    "task_digests_are_sha256": [changed("digest = 'x'"), changed("request_digest = 'x'")],
    "cap_not_negative": [a_cap_below_nothing],
    "cap_stated_once": [a_cap_for_everybody_twice],
    "attempt_closed_with_an_outcome": [a_closed_attempt_without_an_outcome],
    "attempt_open": [a_second_open_attempt],
    "event_seq_from_one": [an_event_before_the_first],
    "artifact_sha256_is_a_digest": [an_artifact_with_no_digest],
    "tenant_name_is_a_word": [
        keyed("INSERT INTO tenant (name) VALUES ('Two words')"),
        keyed("INSERT INTO tenant (name) VALUES ('')"),
    ],
    "tenant_limits_not_negative": [
        keyed("UPDATE tenant SET most_datasets = -1"),
        keyed("UPDATE tenant SET most_stored_bytes = -1"),
        keyed("UPDATE tenant SET most_queued = -1"),
    ],
    "api_key_id_is_a_word": [keyed("UPDATE api_key SET id = upper(id)")],
    "api_key_hash_is_sha256": [keyed("UPDATE api_key SET hash = 'x'")],
    "api_key_rate_positive": [keyed("UPDATE api_key SET requests_per_s = 0")],
    "session_hash_is_sha256": [
        keyed("INSERT INTO session (id, hash, key, expires_at) SELECT 'a', 'x', id, now() FROM api_key")
    ],
}
NAMED = """
    SELECT conname AS name FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'u', 'x')
    UNION
    SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indisunique AND indpred IS NOT NULL AND relnamespace = 'public'::regnamespace
"""


async def refused_by(connection: asyncpg.Connection, breach: Breach) -> str | None:
    """The name of the invariant that keeps this from happening; whatever it did is undone."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        await breach(connection)
    except asyncpg.IntegrityConstraintViolationError as error:
        return str(error.constraint_name)
    else:
        return None
    finally:
        await transaction.rollback()


@pytest.mark.every_postgres
async def test_each_breach_is_refused_by_the_name_of_the_invariant(connection: asyncpg.Connection) -> None:
    refused = {
        name: {await refused_by(connection, breach) for breach in breaches} for name, breaches in BREACHES.items()
    }

    assert refused == {name: {name} for name in BREACHES}


async def test_every_invariant_that_has_a_name_is_tried(connection: asyncpg.Connection) -> None:
    assert {row["name"] for row in await connection.fetch(NAMED)} == BREACHES.keys()


async def test_no_constraint_has_a_name_that_postgres_made_up(connection: asyncpg.Connection) -> None:
    made_up = re.compile(r".*_(check|key|excl)\d*")

    assert not [row["name"] for row in await connection.fetch(NAMED) if made_up.fullmatch(row["name"])]
