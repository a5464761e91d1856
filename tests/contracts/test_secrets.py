"""Secrets are said nowhere: every secret setting is marked, errors are provoked, and all that was said is searched."""

import asyncio
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from uuid import UUID

import httpx2
import pytest
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from common.settings import DatabaseSettings
from common.tokens import Token, TokenKind
from gateway.settings import GatewaySettings
from helpers.database import Database, connected
from helpers.factories import a_kind, queued_task
from helpers.gateway_process import gateway_process
from helpers.keys import a_key, bearer
from processor.settings import ProcessorSettings

MARK: Final = "Xmarked-secretX"
WITHIN_S: Final = 60
CONFIGURATION: Final = Path(__file__).parents[2] / "docs" / "configuration.md"
SECRET: Final = ("DATABASE_DSN", "DATABASE_LISTENER_DSN", "MIGRATE_GATEWAY_PASSWORD", "MIGRATE_PROCESSOR_PASSWORD")
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


def all_settings(base: type[BaseSettings] = BaseSettings) -> Iterator[tuple[str, object]]:
    """Every variable of every service, with its type."""
    for each in base.__subclasses__():
        prefix = str(each.model_config.get("env_prefix", ""))
        yield from ((prefix + name.upper(), about.annotation) for name, about in each.model_fields.items())
        yield from all_settings(each)


def test_every_secret_setting_is_one_that_is_tried_here() -> None:
    """By its type, and by its name in the list of all that can be set."""
    assert {GatewaySettings, ProcessorSettings} <= set(BaseSettings.__subclasses__())  # both services' are known here
    variables = {name for name, kind in all_settings() if "SecretStr" in str(kind)}
    documented = re.findall(
        r"`(SUNDOG_\w*(?:DSN|PASSWORD|SECRET|TOKEN|CREDENTIAL)\w*)`", CONFIGURATION.read_text("utf-8")
    )

    assert variables | set(documented) == {f"SUNDOG_{name}" for name in SECRET}


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
    settings = {name: dsn if name.endswith("DSN") else MARK for name in SECRET}

    assert MARK not in await said_by(*command, **settings, STORAGE_URL=tmp_path.as_uri(), LOG_LEVEL="DEBUG")


async def test_an_object_store_that_is_away_says_no_secret(database: Database, tmp_path: Path) -> None:
    store = {"AWS_ACCESS_KEY_ID": "someone", "AWS_SECRET_ACCESS_KEY": MARK, "AWS_ENDPOINT": "http://127.0.0.1:1",
             "AWS_ALLOW_HTTP": "true", "AWS_REGION": "nowhere"}  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for name, value in store.items():
            patch.setenv(name, value)
        async with (
            gateway_process(database, tmp_path, STORAGE_URL="s3://bucket/x", LOG_LEVEL="DEBUG") as gateway,
            httpx2.AsyncClient(base_url=gateway.url, timeout=WITHIN_S) as client,
        ):
            answer = await client.put("/v1/datasets/a.csv", content=b"a\n1\n")

    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
    assert MARK not in answer.text + (tmp_path / "gateway.log").read_text("utf-8")


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


async def test_a_key_in_a_wrong_place_is_written_down_nowhere(database: Database, tmp_path: Path) -> None:
    """In a path, in a query, as the id of a request: of the key that was there only the id is kept."""
    async with connected(database.dsn) as owner:
        await a_kind(owner)
        tokens = [await a_key(owner), Token.new(TokenKind.SESSION)]
        task = await queued_task(owner, tags=[tokens[0].text])
        settings = {"GATEWAY_OPEN": "false", "LOG_LEVEL": "DEBUG"}
        async with gateway_process(database, tmp_path, **settings) as gateway:
            ids = [await misplaced(gateway.url, tokens[0], place=each.text, task=task) for each in tokens]
            gateway.process.terminate()
            await gateway.ended()
        entries = await owner.fetch("SELECT * FROM audit")
    log = (tmp_path / "gateway.log").read_text("utf-8")
    kept = "\n".join([log, *ids, *(str(dict(entry)) for entry in entries)])

    for token in tokens:
        assert token.secret not in kept
        assert f"/v1/tasks/{token.kind.value}_{token.id}_***" in log
    assert sum("tag=sundog_" in entry["detail"] for entry in entries) == 1


async def misplaced(url: str, token: Token, *, place: str, task: UUID) -> str:
    """Send a text where no key belongs; the ids that the requests were given."""
    escaped = place.replace("_", "%5F")
    async with httpx2.AsyncClient(base_url=url, headers=bearer(token), timeout=WITHIN_S) as client:
        answers = [
            await client.request(method, path, headers={"x-request-id": place})
            for method, path in (
                *(("GET", f"/v1/tasks/{place}"), ("GET", f"/v1/tasks/{escaped}"), ("GET", f"/{place}/{place}")),
                ("POST", f"/v1/tasks/cancel?tag={place}"),
                ("POST", f"/v1/tasks/{task}/retry?pretty={escaped}"),
                ("GET", f"/v1/tasks?key={place}"),
                ("DELETE", f"/v1/datasets/{place}"),
            )
        ]
    return " ".join(answer.headers["x-request-id"] + answer.json().get("request_id", "") for answer in answers)


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
