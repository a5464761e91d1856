"""Every statement of the engine and of live delivery finds its rows by the index that was made for it.

So claims, finishes and reads cost the same with ten finished tasks and with ten million. Lists have tests of their own.
Postgres is asked with good statistics and with none, as after a restore; for the values at hand and for any.
Where a caller sets how a statement is planned, so does the test.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from pydantic import SecretStr

from common.database import BY_INDEX, open_pool
from common.queries import load_query
from common.settings import DatabaseSettings
from gateway.large_answer import SMALL_BYTES
from gateway.tasks import MOST_PARAMS_BYTES
from helpers.database import Database, connected
from helpers.engine_statements import claim, many_tasks, settlement
from helpers.plans import plan_of

pytestmark = pytest.mark.every_postgres

ENDED, QUEUED, RUNNING = 8_000, 2_000, 60
TENANT = "default"
# Reading these from end to end is right: they hold a row a processor, a tenant, a cap.
SMALL = {"processor", "kind", "turn", "cap"}

PLANS = "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement = $1"
LATER_ON_EVERY_LANE = """
    INSERT INTO task (id, tenant, kind, priority, run_at, timeout_s, memory_mb, max_attempts)
    SELECT gen_random_uuid(), 'another', kind, priority, now() + interval '1 year', 60, 1000, 3
    FROM unnest(ARRAY['compare', 'convert', 'profile', 'query', 'validate']) AS kind
    CROSS JOIN generate_series(-100, 100) AS priority
"""
INPUTS_AND_ARTIFACTS = """
    INSERT INTO dataset (id, tenant, name, sha256, bytes, media_type)
    SELECT id, tenant, id::text, encode(sha256(id::text::bytea), 'hex'), 1, 'text/csv' FROM task;
    INSERT INTO task_input (task, name, dataset, filename, sha256, bytes)
    SELECT id, 'data', id, 'flights.csv', encode(sha256(id::text::bytea), 'hex'), 1 FROM task;
    INSERT INTO artifact (task, name, sha256, bytes, media_type)
    SELECT id, 'report.html', encode(sha256(id::text::bytea), 'hex'), 1, 'text/html' FROM task;
    INSERT INTO audit (id, tenant, action) SELECT id, tenant, 'task.submit' FROM task;
"""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement with values that are typical, and the indexes that it must use, `a|b` being one of two.

    Attributes:
        planning: what its caller sets for it.
    """

    service: str
    name: str
    arguments: Sequence[object]
    indexes: set[str]
    planning: str = ""

    def missing(self, used: set[str]) -> set[str]:
        return {index for index in self.indexes if not used & set(index.split("|"))}


@dataclass(frozen=True, kw_only=True)
class Filled:
    """A database with all sorts of tasks, and some that run."""

    database: Database
    running: list[asyncpg.Record]

    @property
    def tasks(self) -> list[UUID]:
        return [row["id"] for row in self.running]

    @property
    def leases(self) -> list[int]:
        return [row["lease"] for row in self.running]


@pytest.fixture
async def filled(database: Database, connection: asyncpg.Connection) -> Filled:
    # Autovacuum might bring statistics where there should be none.
    for table in ("task", "event", "attempt", "result", "progress", "task_input", "artifact", "dataset", "audit"):
        await connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
    await many_tasks(connection, ENDED, state="succeeded")
    await many_tasks(connection, QUEUED)
    await many_tasks(connection, QUEUED, kind="other", tenant="another")
    await connection.execute(INPUTS_AND_ARTIFACTS)
    running = await claim(connection, RUNNING)
    await connection.execute(
        "INSERT INTO progress (task, lease, data) SELECT id, lease, '{}' FROM task WHERE lease = 1"
    )
    return Filled(database=database, running=running)


def statements(filled: Filled) -> list[Statement]:
    tasks, leases = filled.tasks[:8], filled.leases[:8]
    now = datetime.now(UTC)
    long_ago = now - timedelta(days=30)
    sha256s = ["0" * 64, "1" * 64]
    return [
        Statement(
            service="processor",
            name="claim_tasks",
            arguments=[uuid4(), "a processor", 8, ["profile"], 30.0, None, ["1"]],
            indexes={"task_due", "task_claimable", "task_running", "task_pkey", "task_input_pkey", "attempt_pkey"},
        ),
        Statement(
            service="processor",
            name="settle_attempts",
            arguments=[*settlement(filled.running[:8]), None],
            indexes={"task_pkey", "attempt_pkey"},
        ),
        Statement(
            service="processor", name="renew_leases", arguments=[tasks, leases, 30.0, None], indexes={"task_pkey"}
        ),
        Statement(
            service="processor",
            name="append_events",
            arguments=[tasks, leases, [3] * 8, ["log"] * 8, ["{}"] * 8],
            indexes={"task_pkey"},
        ),
        Statement(
            service="processor",
            name="write_progress",
            arguments=[tasks, leases, ["{}"] * 8],
            indexes={"task_pkey|task_running"},
        ),
        Statement(
            service="processor", name="rescue_tasks", arguments=[3, 100, None], indexes={"task_running", "attempt_pkey"}
        ),
        Statement(
            service="processor",
            name="release_orphans",
            arguments=[uuid4(), tasks, 10.0],
            indexes={"task_running", "attempt_pkey"},
        ),
        Statement(
            service="processor",
            name="seconds_until_due",
            arguments=[["profile"], False, None],
            indexes={"task_due"},
        ),
        Statement(
            service="processor",
            name="trim_feeds",
            arguments=[long_ago, 100, 5000],
            indexes={"task_ended", "task_pkey", "event_pkey"},
        ),
        Statement(
            service="processor",
            name="remove_tasks",
            arguments=[long_ago, 100],
            indexes={"task_ended", "task_pkey", "event_pkey", "attempt_pkey", "result_pkey", "progress_pkey"},
        ),
        Statement(
            service="processor",
            name="select_unreferenced",
            arguments=[sha256s],
            indexes={"dataset_bytes", "artifact_bytes", "task_input_bytes"},
        ),
        Statement(
            service="gateway",
            name="read_feeds",
            arguments=[tasks, [0] * 8],
            indexes={"task_pkey", "progress_pkey"},
        ),
        Statement(
            service="gateway", name="read_tails", arguments=[tasks, [0] * 8, 200, 100_000], indexes={"event_pkey"}
        ),
        Statement(service="gateway", name="read_events", arguments=[tasks[0], 0, 200, 100_000], indexes={"event_pkey"}),
        Statement(
            service="gateway",
            name="changed_tasks",
            arguments=[now, 500],
            indexes={"event_recent", "task_running", "task_pkey"},
            planning=BY_INDEX,
        ),
        Statement(
            service="gateway", name="select_tasks", arguments=[tasks, None, True], indexes={"task_pkey", "attempt_pkey"}
        ),
        Statement(service="gateway", name="cancel_tasks", arguments=[tasks, TENANT, None], indexes={"task_pkey"}),
        Statement(
            service="gateway",
            name="retry_tasks",
            arguments=[tasks, TENANT, ["profile"], ["1"], "{}"],
            indexes={"task_pkey", "task_input_pkey|task_input_bytes|task_input_dataset"},
        ),
        Statement(
            service="gateway",
            name="select_result",
            arguments=[tasks[0], TENANT, SMALL_BYTES],
            indexes={"task_pkey|task_listed", "result_pkey"},
        ),
        Statement(service="gateway", name="select_large_result", arguments=[tasks[0], 1], indexes={"result_pkey"}),
        Statement(service="gateway", name="fitting_tasks", arguments=[tasks, MOST_PARAMS_BYTES], indexes={"task_pkey"}),
        Statement(service="gateway", name="list_datasets", arguments=[TENANT, None, 50], indexes={"dataset_listed"}),
        Statement(service="gateway", name="list_audit", arguments=[TENANT, None, 50], indexes={"audit_listed"}),
    ]


@pytest.mark.parametrize("is_analyzed", [True, False], ids=["good statistics", "no statistics"])
async def test_each_statement_finds_its_rows_by_its_index(
    filled: Filled, connection: asyncpg.Connection, *, is_analyzed: bool
) -> None:
    if is_analyzed:
        await connection.execute("ANALYZE")
    flaws = []
    for statement in statements(filled):
        dsn = filled.database.processor_dsn if statement.service == "processor" else filled.database.gateway_dsn
        async with connected(dsn) as own:
            await own.execute(f"SET jit = off; {statement.planning.replace('LOCAL ', '')}")
            for is_generic in (False, True):
                plan = await plan_of(
                    own,
                    load_query(statement.service, statement.name),
                    statement.arguments,
                    is_generic=is_generic,
                )
                missing, whole = statement.missing(plan.indexes), plan.read_whole - SMALL
                if missing or whole:
                    flaws.append((statement.name, "generic" if is_generic else "custom", missing, whole))
    assert not flaws, "\n".join(map(str, flaws))


async def test_each_statement_is_planned_once_however_long_the_queue_is(filled: Filled) -> None:
    asked = {statement.name: statement for statement in statements(filled) if not statement.planning}
    plans = {}
    for service, dsn in (("processor", filled.database.processor_dsn), ("gateway", filled.database.gateway_dsn)):
        async with open_pool(DatabaseSettings(dsn=SecretStr(dsn), pool_size=1), service=service) as pool:
            for statement in asked.values():
                if statement.service != service:
                    continue
                text = load_query(service, statement.name)
                for _ in range(8):  # left to itself Postgres would think of one plan from the sixth on
                    await pool.fetch(text, *statement.arguments)
                (row,) = await pool.fetch(PLANS, text)
                plans[statement.name] = tuple(row)

    assert plans == dict.fromkeys(asked, (8, 0))


async def pages_of_a_round(database: Database) -> dict[str, int]:
    """The pages that the engine looks at to claim 16 tasks, renew them, tell of them and end them; all of it undone."""
    pages = {}
    async with connected(database.processor_dsn) as own:
        await own.execute("SET jit = off")
        transaction = own.transaction()
        await transaction.start()

        async def run(name: str, *arguments: object) -> None:
            plan = await plan_of(own, load_query("processor", name), arguments, is_generic=True, run=True)
            pages[name] = plan.pages

        await run("claim_tasks", uuid4(), "a processor", 16, ["profile"], 30.0, None, ["1"])
        await run("seconds_until_due", ["profile"], True, None)  # noqa: FBT003 - an argument of the statement
        running = await own.fetch("SELECT id, lease FROM task WHERE state = 'running'")
        assert len(running) == 16
        tasks, leases = [row["id"] for row in running], [row["lease"] for row in running]
        await run("renew_leases", tasks, leases, 30.0, None)
        await run("append_events", tasks, leases, [3] * 16, ["log"] * 16, ["{}"] * 16)
        await run("rescue_tasks", 3, 100, None)
        await run("settle_attempts", *settlement(running), None)
        await transaction.rollback()
    return pages


@pytest.mark.parametrize("state", ["succeeded", "queued"])
async def test_the_engine_looks_at_as_many_pages_with_many_other_tasks_as_with_few(
    database: Database, connection: asyncpg.Connection, state: str
) -> None:
    await many_tasks(connection, 1_000)
    await many_tasks(connection, 1_000, state="succeeded")
    await connection.execute("VACUUM ANALYZE")
    few = await pages_of_a_round(database)
    await many_tasks(connection, 20_000, state=state)
    await connection.execute("VACUUM ANALYZE")
    many = await pages_of_a_round(database)

    assert {name: (count, few[name]) for name, count in many.items() if count > 1.2 * few[name] + 20} == {}


async def test_a_claim_passes_over_what_is_due_later_whatever_priorities_wait_there(
    database: Database, connection: asyncpg.Connection
) -> None:
    await many_tasks(connection, 1_000)
    await connection.execute("VACUUM ANALYZE")
    before = (await pages_of_a_round(database))["claim_tasks"]
    await connection.execute(LATER_ON_EVERY_LANE)
    await connection.execute("VACUUM ANALYZE")

    assert (await pages_of_a_round(database))["claim_tasks"] < 1.2 * before + 50
