"""What lists of tasks cost: a page walks an index in its order, and no filter looks at more than a bounded number.

The plans are those of a database with 12,000 tasks, made for the values that are asked for: that is how lists are run.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from pydantic import SecretStr

from common.database import ONE_PLAN, open_pool
from common.queries import load_query
from common.settings import DatabaseSettings
from gateway.pagination import PageAsked
from gateway.task_filter import FIRST, LAST, TaskFilter
from gateway.task_list import TaskList
from helpers.database import Database
from helpers.plans import plan_of

pytestmark = pytest.mark.every_postgres

TASKS = 12_000
MOST_LOOKED_AT = 10_000
DATASET = UUID(int=1)
# Statement → the index that it walks, and a filter that only it serves.
WALKS: dict[str, tuple[str, dict[str, object]]] = {
    "list_tasks": ("task_listed", {}),
    "list_tasks_in_state": ("task_listed_by_state", {"state": "failed"}),
    "list_tasks_of_kind": ("task_listed_by_kind", {"kind": "profile"}),
    "list_tasks_with_tag": ("task_tag_listed", {"tag": "nightly"}),
    "list_tasks_of_dataset": ("task_input_dataset", {"dataset": DATASET}),
}
PLANS_OF_LISTS = (
    "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement ~ 'WITH fitting AS \\('"
)
FILL = """
    SET session_replication_role = replica;
    INSERT INTO task (id, tenant, kind, timeout_s, memory_mb, max_attempts, state, finished_at, error, tags)
        SELECT lpad(to_hex(n), 32, '0')::uuid, 'default', 'profile', 1, 1, 1, 'failed', now(), '{}', '{nightly}'
        FROM generate_series(1, 12000) AS n;
    INSERT INTO task_tag (task, tenant, tag) SELECT id, tenant, 'nightly' FROM task;
    INSERT INTO task_input (task, name, dataset, filename, sha256, bytes)
        SELECT id, 'data', '00000000-0000-0000-0000-000000000001', 'flights.csv', '', 1 FROM task;
    SET session_replication_role = origin;
    ANALYZE;
"""


@pytest.fixture
async def full(connection: asyncpg.Connection) -> asyncpg.Connection:
    await connection.execute(FILL)
    await connection.execute("SET jit = off")  # as in the services' pools
    return connection


def values(wanted: Mapping[str, object], *, limit: int = 50) -> list[object]:
    """The arguments of a list's statement."""
    asked = [wanted.get(name) for name in ("state", "kind", "tag", "text")]
    return ["default", LAST, FIRST, limit, True, *asked, *([wanted["dataset"]] if "dataset" in wanted else [])]


async def steps(
    connection: asyncpg.Connection, name: str, arguments: list[object], *, is_generic: bool = False, run: bool
) -> list[dict[str, Any]]:
    plan = await plan_of(connection, load_query("gateway", name), arguments, is_generic=is_generic, run=run)
    return plan.steps


async def test_lists_are_planned_for_their_values_however_often_they_are_asked_for(
    full: asyncpg.Connection, database: Database
) -> None:
    settings = DatabaseSettings(dsn=SecretStr(database.gateway_dsn), pool_size=1)
    async with open_pool(settings, service="gateway") as pool:
        lists = TaskList(pool=pool)
        for wanted in (TaskFilter(), TaskFilter(dataset=DATASET), TaskFilter(tag="nightly")):
            for _ in range(12):
                rows, _ = await lists.page(wanted, PageAsked(limit=50, after=None), tenant="default")
                assert len(rows) == 50
        async with pool.acquire() as connection:
            counts = await connection.fetch(PLANS_OF_LISTS)
            assert [tuple(row) for row in counts] == [(0, 12)] * 3
            assert await connection.fetchval("SHOW plan_cache_mode") == ONE_PLAN
    assert await full.fetchval("SELECT count(*) FROM task") == TASKS


async def test_a_page_walks_an_index_in_its_order(full: asyncpg.Connection) -> None:
    for name, (index, wanted) in WALKS.items():
        found = await steps(full, name, values(wanted), run=False)

        assert index in {step.get("Index Name") for step in found}, name
        assert not {"Seq Scan", "Sort", "Hash Join", "Bitmap Heap Scan"} & {step["Node Type"] for step in found}, name


async def test_a_page_costs_what_it_shows(full: asyncpg.Connection) -> None:
    for name, (_, wanted) in WALKS.items():
        for step in await steps(full, name, values(wanted, limit=50), run=True):
            assert step["Actual Rows"] * step["Actual Loops"] <= 50, (name, step["Node Type"])


async def test_a_small_tenant_does_not_walk_through_the_tasks_of_a_large_one(full: asyncpg.Connection) -> None:
    for name, (_, wanted) in WALKS.items():
        arguments = ["small", *values(wanted)[1:]]
        arguments = [UUID(int=2) if value == DATASET else value for value in arguments]
        for step in await steps(full, name, arguments, run=True):
            looked_at = step["Actual Rows"] * step["Actual Loops"] + step.get("Rows Removed by Filter", 0)
            assert looked_at <= 1, (name, step["Node Type"])


async def test_what_hardly_anything_matches_is_not_looked_for_without_end(full: asyncpg.Connection) -> None:
    for name, (_, wanted) in WALKS.items():
        arguments = values({**wanted, "text": "nothing has this"})
        looked_at = [
            step["Actual Rows"] * step["Actual Loops"] + step.get("Rows Removed by Filter", 0)
            for step in await steps(full, name, arguments, run=True)
        ]
        row = await full.fetchrow(load_query("gateway", name), *arguments)

        assert max(looked_at) <= MOST_LOOKED_AT, name
        assert row is not None
        assert (row["found"], row["ids"], row["stopped_at"]) == (0, None, UUID(int=TASKS - MOST_LOOKED_AT + 1)), name


async def test_a_walk_goes_on_where_it_stopped_and_ends(full: asyncpg.Connection) -> None:
    await full.execute("UPDATE task SET kind = 'rare' WHERE id = $1", UUID(int=7))
    arguments = values({"text": "rare"})
    first = await full.fetchrow(load_query("gateway", "list_tasks"), *arguments)
    assert first is not None
    arguments[1] = first["stopped_at"]
    second = await full.fetchrow(load_query("gateway", "list_tasks"), *arguments)

    assert second is not None
    assert (second["ids"], second["stopped_at"]) == ([UUID(int=7)], None)


async def test_an_earlier_result_is_looked_up_by_its_digest(full: asyncpg.Connection) -> None:
    await full.execute("UPDATE task SET state = 'succeeded', digest = sha256(id::text::bytea), kind_version = '1'")
    await full.execute("INSERT INTO result (task, lease, body) SELECT id, 1, '{}' FROM task")
    await full.execute("ANALYZE")
    arguments: list[object] = [
        [0],
        [UUID(int=0)],
        ["profile"],
        ["1"],
        ["{}"],
        [0],
        [None],
        [1],
        [1],
        [1],
        ["[]"],
        ["{}"],
    ]
    arguments += [[""], [True], ["default"], [None], [None], [None], [None], [None], [True]]
    found = await steps(full, "record_tasks", arguments, is_generic=True, run=False)

    assert "task_reusable" in {step.get("Index Name") for step in found}
    assert "Seq Scan" not in {step["Node Type"] for step in found if step.get("Relation Name") in {"task", "result"}}
