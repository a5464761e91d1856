"""`sundog keys` at the command line, on a real database."""

import subprocess
import sys

import asyncpg

from common.tokens import Token
from helpers.database import Database


def said_by(database: Database, *arguments: str, code: int = 0) -> str:
    run = subprocess.run(
        [sys.executable, "-P", "-m", "sundog", "keys", *arguments],
        env={"SUNDOG_DATABASE_DSN": database.dsn, "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == code, run.stderr
    return run.stdout if code == 0 else run.stderr


async def test_a_key_is_made_shown_once_listed_and_revoked(database: Database) -> None:
    token = Token.parse(said_by(database, "create", "--tenant", "acme", "--role", "read", "--days", "3").strip())
    assert token is not None
    listed = said_by(database, "list")
    revoked = said_by(database, "revoke", token.id)
    again = said_by(database, "revoke", token.text)

    assert token.id in listed
    assert "acme" in listed
    assert "valid" in listed
    assert token.secret not in listed + revoked + again
    assert "revoked" in said_by(database, "list", "--tenant", "acme")
    assert said_by(database, "list", "--tenant", "other").strip() == "None."


async def test_a_tenant_gets_limits_and_loses_them(database: Database) -> None:
    given = said_by(database, "limit", "--tenant", "acme", "--queued", "5", "--bytes", "60000000000")
    kept = said_by(database, "limit", "--tenant", "acme", "--queued", "-1")

    assert "60000000000" in given
    assert " 5 " in given
    assert "60000000000" in kept
    assert " 5 " not in kept


async def test_limits_are_shown_and_nothing_is_made_or_noted(
    database: Database, connection: asyncpg.Connection
) -> None:
    said_by(database, "limit", "--tenant", "acme", "--queued", "5")
    shown = said_by(database, "limit", "--tenant", "acme")
    unknown = said_by(database, "limit", "--tenant", "acne", code=1)
    of_nobody = said_by(database, "limit", "--queued", "5", code=1)

    assert " 5 " in shown
    assert "There is no such tenant." in unknown
    assert "--tenant" in of_nobody
    assert [row["name"] for row in await connection.fetch("SELECT name FROM tenant")] == ["acme"]
    assert await connection.fetchval("SELECT count(*) FROM audit WHERE action = 'tenant.limit'") == 1


async def test_a_tenant_is_capped_paused_and_uncapped(database: Database, connection: asyncpg.Connection) -> None:
    async def cap() -> int | None:
        found: int | None = await connection.fetchval(
            "SELECT max_running FROM cap WHERE tenant = 'acme' AND kind IS NULL"
        )
        return found

    await connection.execute(
        "INSERT INTO cap (tenant, kind, max_running) VALUES ('acme', 'profile', 2), (NULL, NULL, 9)"
    )
    found = []
    for running in ("4", "0", None, "-1"):
        said_by(database, "limit", "--tenant", "acme", *(("--running", running) if running else ("--queued", "5")))
        found.append(await cap())

    assert found == [4, 0, 0, None]
    assert await connection.fetchval("SELECT sum(max_running) FROM cap") == 11
    noted = await connection.fetch("SELECT detail ->> 'most_running' AS most FROM audit ORDER BY id")
    assert [row["most"] for row in noted] == ["4", "0", "0", None]
    assert "most_running" in said_by(database, "limit")


async def test_what_cannot_be_is_refused_with_a_sentence(database: Database) -> None:
    assert "tenant's name" in said_by(database, "create", "--tenant", "Two words", code=1)
    assert "no such key" in said_by(database, "revoke", "nothing", code=1)
