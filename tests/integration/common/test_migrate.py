"""Migration: whole, repeatable, safe when several run at once, and never half."""

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import asyncpg
import pytest

from common.database import NEWEST_SCHEMA, OLDEST_SCHEMA, check_schema
from common.errors import ConfigurationError
from common.migrate import MigrationReport, migrate
from common.schema import migrations, schema_folder
from helpers.database import Database, DatabaseServer, connected
from helpers.schema_description import described

DATA = Path(__file__).parents[2] / "data"
VERSIONS = """
    CREATE TABLE schema_version (version integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz DEFAULT now());
    INSERT INTO schema_version (version, name) VALUES ({versions});
"""
SCHEMA_1 = VERSIONS.format(versions="1, 'initial'") + "CREATE TABLE thing (id integer PRIMARY KEY);"
SCHEMA_3 = (
    VERSIONS.format(versions="1, 'initial'), (2, 'add_colour'), (3, 'add_size'")
    + "CREATE TYPE colour AS ENUM ('red', 'green');"
    + "CREATE TABLE thing (id integer PRIMARY KEY, colour colour NOT NULL DEFAULT 'red', size integer,"
    + " CONSTRAINT thing_has_a_size CHECK (size > 0));"
    + "CREATE INDEX thing_listed ON thing (colour, id DESC); COMMENT ON TABLE thing IS 'A thing.';"
)
MIGRATIONS = {
    "0002_add_colour.sql": "CREATE TYPE colour AS ENUM ('red', 'green');"
    "ALTER TABLE thing ADD colour colour NOT NULL DEFAULT 'red';"
    "CREATE INDEX thing_listed ON thing (colour, id DESC); COMMENT ON TABLE thing IS 'A thing.';",
    "0003_add_size.sql": "ALTER TABLE thing ADD size integer, ADD CONSTRAINT thing_has_a_size CHECK (size > 0);",
}


@pytest.fixture
async def empty(database_server: DatabaseServer) -> AsyncIterator[Database]:
    async with database_server.database(template="template0") as database:
        yield database


@pytest.fixture
async def another(database_server: DatabaseServer) -> AsyncIterator[Database]:
    async with database_server.database(template="template0") as database:
        yield database


def a_release(folder: Path, *, schema: str, files: dict[str, str] | None = None) -> Path:
    """A folder with what a release knows of the schema."""
    (folder / "migrations").mkdir(parents=True)
    (folder / "schema.sql").write_text(schema, encoding="utf-8")
    for name, sql in (files or {}).items():
        (folder / "migrations" / name).write_text(sql, encoding="utf-8")
    return folder


@pytest.fixture
def first_release(tmp_path: Path) -> Path:
    return a_release(tmp_path / "first", schema=SCHEMA_1)


@pytest.fixture
def third_release(tmp_path: Path) -> Path:
    return a_release(tmp_path / "third", schema=SCHEMA_3, files=MIGRATIONS)


async def schema_of(database: Database) -> list[str]:
    async with connected(database.dsn) as connection:
        return await described(connection)


@pytest.mark.every_postgres
async def test_a_new_database_gets_the_newest_schema_and_a_second_time_changes_nothing(empty: Database) -> None:
    first = await migrate(empty.dsn)
    schema = await schema_of(empty)
    second = await migrate(empty.dsn)

    assert first == MigrationReport(before=0, after=NEWEST_SCHEMA)
    assert second == MigrationReport(before=NEWEST_SCHEMA, after=NEWEST_SCHEMA)
    assert await schema_of(empty) == schema
    async with connected(empty.dsn) as connection:
        assert await check_schema(connection) == NEWEST_SCHEMA


@pytest.mark.every_postgres
async def test_of_several_at_once_one_does_it(empty: Database) -> None:
    reports: list[MigrationReport] = []

    async def run() -> None:
        reports.append(await migrate(empty.dsn))

    async with anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(run)

    assert sorted(report.before for report in reports) == [0, *[NEWEST_SCHEMA] * 3]
    assert {report.after for report in reports} == {NEWEST_SCHEMA}


async def test_a_database_that_is_newer_than_the_release_is_left_alone(empty: Database, first_release: Path) -> None:
    await migrate(empty.dsn, folder=first_release, newest=1)
    async with connected(empty.dsn) as connection:
        await connection.execute("INSERT INTO schema_version (version, name) VALUES (7, 'of a later release')")

    with pytest.raises(ConfigurationError, match=r"version 7.*knows 1"):
        await migrate(empty.dsn, folder=first_release, newest=1)


@pytest.mark.every_postgres
async def test_a_migrated_database_is_like_a_new_one(
    empty: Database, another: Database, first_release: Path, third_release: Path
) -> None:
    await migrate(empty.dsn, folder=first_release, newest=1)
    async with connected(empty.dsn) as connection:
        await connection.execute("INSERT INTO thing VALUES (1)")
    migrated = await migrate(empty.dsn, folder=third_release, newest=3)
    new = await migrate(another.dsn, folder=third_release, newest=3)

    assert (migrated, new) == (MigrationReport(before=1, after=3), MigrationReport(before=0, after=3))
    assert await schema_of(empty) == await schema_of(another)
    async with connected(empty.dsn) as connection:
        assert await connection.fetchval("SELECT colour::text FROM thing") == "red"
        names = [row["name"] for row in await connection.fetch("SELECT name FROM schema_version ORDER BY version")]
    assert names == ["initial", "add_colour", "add_size"]


async def test_it_goes_as_far_as_it_is_told_and_on_from_there(
    empty: Database, first_release: Path, third_release: Path
) -> None:
    await migrate(empty.dsn, folder=first_release, newest=1)

    assert await migrate(empty.dsn, folder=third_release, newest=2) == MigrationReport(before=1, after=2)
    assert await migrate(empty.dsn, folder=third_release, newest=3) == MigrationReport(before=2, after=3)


async def test_a_migration_that_fails_leaves_nothing_of_any(
    empty: Database, first_release: Path, tmp_path: Path
) -> None:
    await migrate(empty.dsn, folder=first_release, newest=1)
    before = await schema_of(empty)
    broken = a_release(
        tmp_path / "broken",
        schema=SCHEMA_3,
        files=MIGRATIONS | {"0003_add_size.sql": "ALTER TABLE thing ADD size integer; SELECT 1 / 0;"},
    )

    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(empty.dsn, folder=broken, newest=3)
    assert await schema_of(empty) == before


def test_migrations_are_read_in_order_and_other_files_are_none(tmp_path: Path) -> None:
    names = ["0010_ten.sql", "0002_two.sql", "README.md", "0003-three.sql", "4_four.sql"]
    folder = a_release(tmp_path / "release", schema="", files=dict.fromkeys(names, ""))

    assert [(found.version, found.name) for found in migrations(folder)] == [(2, "two"), (10, "ten")]


async def test_this_release_has_a_migration_for_each_version_after_the_first(empty: Database) -> None:
    files = sorted(path.name for path in (schema_folder() / "migrations").glob("*.sql"))
    found = list(migrations(schema_folder()))
    await migrate(empty.dsn)
    async with connected(empty.dsn) as connection:
        rows = await connection.fetch("SELECT version, name FROM schema_version ORDER BY version")

    assert len(files) == len(found)
    assert [step.version for step in found] == list(range(2, NEWEST_SCHEMA + 1))
    assert [(row["version"], row["name"]) for row in rows][1:] == [(step.version, step.name) for step in found]
    assert [row["version"] for row in rows] == list(range(1, NEWEST_SCHEMA + 1))


@pytest.mark.every_postgres
async def test_the_first_schema_that_was_published_becomes_this_one(
    empty: Database, another: Database, tmp_path: Path
) -> None:
    """`tests/data/schema_1.sql` is what the first databases got; it does not change."""
    first = a_release(tmp_path / "first", schema=(DATA / "schema_1.sql").read_text("utf-8"))
    await migrate(empty.dsn, folder=first, newest=1)
    await migrate(empty.dsn)
    await migrate(another.dsn)

    assert await schema_of(empty) == await schema_of(another)


@pytest.mark.parametrize("version", [OLDEST_SCHEMA - 1, NEWEST_SCHEMA + 1])
async def test_a_service_refuses_a_schema_that_it_does_not_know(database: Database, version: int) -> None:
    async with connected(database.dsn) as connection:
        await connection.execute("DELETE FROM schema_version")
        await connection.execute("INSERT INTO schema_version (version, name) VALUES ($1, 'other')", version)
        with pytest.raises(ConfigurationError, match=f"version {version}"):
            await check_schema(connection)
