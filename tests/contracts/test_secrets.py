"""Secrets are said nowhere: every secret setting is marked, errors are provoked, and all that was said is searched."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Final

import httpx2
import pytest
from pydantic import SecretStr

from common.settings import DatabaseSettings
from common.tokens import Token, TokenKind
from helpers.database import Database, connected
from helpers.gateway_process import gateway_process
from helpers.keys import a_key, bearer

MARK: Final = "Xmarked-secretX"
WITHIN_S: Final = 60
PR_GET_DUMPABLE: Final = 3


async def said_by(*arguments: str, **settings: str) -> str:
    """What a command says that cannot work."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SUNDOG_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "sundog", *arguments),
        env=inherited | {f"SUNDOG_{name}": value for name, value in settings.items()},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(WITHIN_S):
        said, _ = await process.communicate()
    assert process.returncode
    return said.decode()


@pytest.mark.parametrize("command", [["gateway"], ["processor"], ["migrate"], ["keys", "list"]])
@pytest.mark.parametrize(
    "dsn",
    [
        f"postgresql://someone:{MARK}@127.0.0.1:1/nowhere",
        f"postgres//someone:{MARK}@nowhere",
        f"postgresql://someone:{MARK}@127.0.0.1:port/nowhere",
    ],
)
async def test_a_start_that_fails_says_no_secret(command: list[str], dsn: str, tmp_path: Path) -> None:
    settings = {
        "DATABASE_DSN": dsn,
        "DATABASE_LISTENER_DSN": dsn,
        "STORAGE_URL": tmp_path.as_uri(),
        "MIGRATE_GATEWAY_PASSWORD": MARK,
        "MIGRATE_PROCESSOR_PASSWORD": MARK,
        "LOG_LEVEL": "DEBUG",
    }

    assert MARK not in await said_by(*command, **settings)


async def test_a_gateway_that_works_says_no_secret_whatever_goes_wrong(database: Database, tmp_path: Path) -> None:
    async with connected(database.dsn) as owner:
        token = await a_key(owner)
        await owner.execute(f"ALTER ROLE sundog_gateway PASSWORD '{MARK}'")
        try:
            dsn = database.gateway_dsn.replace("of-a-test", MARK)
            settings = {"DATABASE_DSN": dsn, "GATEWAY_OPEN": "false", "LOG_LEVEL": "DEBUG"}
            async with gateway_process(database, tmp_path, **settings) as gateway:
                said = await provoked(gateway.url, token)
                said += title_of(gateway.process.pid)
                await owner.execute("ALTER TABLE task RENAME TO task_gone")
                said += await provoked(gateway.url, token)
                await owner.execute("ALTER TABLE task_gone RENAME TO task")
        finally:
            await owner.execute("ALTER ROLE sundog_gateway PASSWORD 'of-a-test'")
    said += (tmp_path / "gateway.log").read_text("utf-8")

    assert "internal" in said
    assert MARK not in said
    assert token.secret not in said


async def provoked(url: str, token: Token) -> str:
    """What a gateway answers to what it should and should not be asked."""
    said = ""
    async with httpx2.AsyncClient(base_url=url, headers=bearer(token), timeout=WITHIN_S) as client:
        for method, path in (
            *(("GET", "/v1/tasks"), ("GET", "/v1/session"), ("POST", "/v1/tasks"), ("GET", "/v1/nothing")),
            *(("GET", f"/v1/tasks?after={token.id}"), ("DELETE", "/v1/tasks"), ("GET", "/v1/stats")),
        ):
            answer = await client.request(method, path)
            said += answer.text + str(answer.headers)
        wrong = Token(kind=TokenKind.KEY, id=token.id, secret=token.secret[::-1])
        said += (await client.get("/v1/tasks", headers=bearer(wrong))).text
    return said


def title_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text("utf-8")


def test_no_secret_is_in_a_repr() -> None:
    token = Token.new(TokenKind.KEY)
    database = DatabaseSettings(dsn=SecretStr(MARK), listener_dsn=SecretStr(MARK))

    assert MARK not in repr(database) + str(database) + str(database.model_dump())
    assert token.secret not in repr(token) + str(token)


STARTS: Final = {
    "the gateway": "from gateway.app import main; main()",
    "sundog up": "from argparse import Namespace; from sundog.commands.up import run; run(Namespace())",
}


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS.keys())
async def test_a_start_closes_the_memory_to_others_of_the_same_user_first(start: str) -> None:
    """Neither can start like this; what the kernel then says of the process is what it did before it found out."""
    code = f"""
import ctypes
try:
    {start}
except BaseException:
    pass
print("dumpable:", ctypes.CDLL(None).prctl({PR_GET_DUMPABLE}, 0, 0, 0, 0))
"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SUNDOG_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-c", code), env=environment, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()

    assert said.strip() == b"dumpable: 0"
