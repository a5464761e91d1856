from collections.abc import AsyncIterator

import anyio.to_thread
import asyncpg
import pytest

from helpers.database import Database, DatabaseServer, connected
from sundog.cli import main


@pytest.fixture
async def empty(database_server: DatabaseServer) -> AsyncIterator[Database]:
    async with database_server.database(template="template0") as database:
        yield database


@pytest.mark.every_postgres
async def test_it_says_what_it_did_and_can_be_repeated(
    empty: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SUNDOG_DATABASE_DSN", empty.dsn)
    assert await anyio.to_thread.run_sync(main, ["migrate"]) == 0
    assert "from version 0 to" in capsys.readouterr().out
    assert await anyio.to_thread.run_sync(main, ["migrate"]) == 0
    assert "already" in capsys.readouterr().out
    async with connected(empty.gateway_dsn) as gateway:
        assert await gateway.fetchval("SELECT count(*) FROM task") == 0


async def test_a_role_that_does_not_own_the_database_is_refused_with_advice(
    empty: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SUNDOG_DATABASE_DSN", empty.gateway_dsn)
    assert await anyio.to_thread.run_sync(main, ["migrate"]) == 1
    assert "must be the owner's" in capsys.readouterr().err


async def test_it_gives_the_services_their_passwords(
    empty: Database, database_server: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUNDOG_DATABASE_DSN", empty.dsn)
    monkeypatch.setenv("SUNDOG_MIGRATE_GATEWAY_PASSWORD", "a 'new' one")
    try:
        assert await anyio.to_thread.run_sync(main, ["migrate"]) == 0
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(empty.gateway_dsn)
        async with connected(empty.server.dsn(user="sundog_gateway", password="a 'new' one", database=empty.name)):
            pass
    finally:
        await database_server.set_role_passwords()
