"""docs/how-to-add-a-kind.md, done as it says: the example is installed as a package, a running gateway learns of it."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import asyncpg
import pytest

from helpers.database import Database
from helpers.eventually import eventually
from helpers.gateways import GatewayFactory
from helpers.plugin_environment import environment_with_entry_points
from helpers.processors import ProcessorFactory

ROOT = Path(__file__).parent.parent.parent
GUIDE = (ROOT / "docs" / "how-to-add-a-kind.md").read_text("utf-8")
QUOTED = re.compile(r"`(examples/[^`]+\.\w+)`:\n\n((?:    .*\n|\n)+)")
COMMAND = re.compile(r"^    ((?:python|curl) .*)$", re.MULTILINE)
INSTALL, KINDS, MISTAKEN, UPLOAD, SUBMIT, FOLLOW = COMMAND.findall(GUIDE)
# No look at a registry, and nothing built but the package itself.
PIP = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")


@pytest.fixture(scope="module")
def plugged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment in which the guide's command has installed the example."""
    folder = tmp_path_factory.mktemp("plugged")
    environment_with_entry_points("nothing", {}, folder=folder)
    path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])
    subprocess.run(
        ["bash", "-c", INSTALL], cwd=ROOT, env={**os.environ, **PIP, "PATH": path}, check=True, capture_output=True
    )
    return folder


async def shell(command: str, *, url: str, identifier: str = "") -> Any:
    """The answer to a command of the guide, as JSON where it is."""
    told = command.replace("localhost:8080", url).replace("<id>", identifier)
    ran = await anyio.run_process(["bash", "-c", told], cwd=ROOT)
    text = ran.stdout.decode()
    return json.loads(text) if text.startswith("{") else text


def test_what_the_guide_quotes_stands_in_the_example() -> None:
    quotes = QUOTED.findall(GUIDE)
    assert len(quotes) >= 5

    for place, block in quotes:
        code = textwrap.dedent(block).strip("\n")
        example = (ROOT / place).read_text("utf-8")
        assert code in example or textwrap.indent(code, "    ") in example, place


def test_the_example_is_a_wheel_of_one_module(plugged: Path) -> None:
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(plugged), "platbase": str(plugged)}))
    (metadata,) = packages.glob("sundog_kind_word_count-*.dist-info")

    assert (packages / "word_count.py").exists()
    assert not (packages / "test_word_count.py").exists()
    assert "word-count = word_count:KIND" in (metadata / "entry_points.txt").read_text("utf-8")


def test_the_examples_own_tests_pass() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."]
    ran = subprocess.run(
        command, cwd=ROOT / "examples" / "kind-word-count", check=False, capture_output=True, text=True
    )

    assert ran.returncode == 0, ran.stdout


async def test_a_gateway_shows_checks_and_serves_a_kind_that_came_after_its_start(
    database: Database, connection: asyncpg.Connection, plugged: Path, tmp_path: Path
) -> None:
    before = ProcessorFactory(database=database, python=sys.executable, folder=tmp_path)
    after = ProcessorFactory(database=database, python=str(plugged / "bin" / "python"), folder=tmp_path)
    async with GatewayFactory(database=database, folder=tmp_path).start() as gateway:
        async with before.start():
            assert "word-count" not in await kinds(gateway.url)
        async with after.start():
            assert await eventually(lambda: offered(gateway.url))
            shown = (await kinds(gateway.url))["word-count"]
            assert shown["params_schema"]["properties"]["top_k"]["maximum"] == 1000
            assert shown["inputs"] == {"text": "a text in UTF-8"}
            await assert_serves(gateway.url)


async def kinds(url: str) -> Mapping[str, Any]:
    return {kind["name"]: kind for kind in (await shell(KINDS, url=url))["kinds"]}


async def offered(url: str) -> bool:
    return "word-count" in await kinds(url)


async def assert_serves(url: str) -> None:
    dataset = (await shell(UPLOAD, url=url))["id"]
    problem = await shell(MISTAKEN, url=url, identifier=dataset)
    assert (problem["status"], problem["pointer"]) == (422, "/params/top_k")

    task = (await shell(SUBMIT, url=url, identifier=dataset))["id"]
    story = await shell(FOLLOW, url=url, identifier=task)
    told = re.findall(r"^event: (.*)\r?$", story, re.MULTILINE)
    assert "partial" in told
    assert told[-2:] == ["succeeded", "end"]
    result = await shell(f"curl -s localhost:8080/v1/tasks/{task}/result", url=url)
    words = (ROOT / "README.md").read_text("utf-8").lower().split()
    assert result["data"]["words"] == len(words)
    assert {row["value"]: row["count"] for row in result["data"]["top"]} == {
        row["value"]: words.count(row["value"]) for row in result["data"]["top"]
    }
    assert [made["name"] for made in result["artifacts"]] == ["words.csv"]
