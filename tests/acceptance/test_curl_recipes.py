"""The recipes of docs/curl.md, run as they stand."""

import asyncio
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from helpers.installation import Installation

RECIPES: Final = Path(__file__).parents[2] / "docs" / "curl.md"
BLOCK: Final = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK: Final = "---8<---"
# What differs from run to run.
CHANGES: Final = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "INSTANT"),
    (re.compile(r"^\d\d:\d\d:\d\d", re.MULTILINE), "TIME"),
)

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")


@dataclass(frozen=True, slots=True)
class Step:
    """A command, and what it prints."""

    command: str
    output: str


def steps() -> Iterator[Step]:
    for block in BLOCK.findall(RECIPES.read_text("utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield Step(command, output.strip("\n"))


def alike(text: str) -> str:
    for pattern, word in CHANGES:
        text = pattern.sub(word, text)
    return text.strip()


def fits(expected: str, found: str) -> bool:
    """Whether both say the same, where `…` stands for anything."""
    pattern = ".*".join(re.escape(part) for part in alike(expected).split("…"))
    return re.fullmatch(pattern, alike(found), flags=re.DOTALL) is not None


async def test_every_recipe_does_what_the_page_says(tmp_path: Path) -> None:
    recipes = list(steps())
    assert len(recipes) > 20
    with Installation(tmp_path / "data") as sundog:
        lines = [step.command.replace("http://localhost:8080", sundog.url) for step in recipes]
        script = "".join(f"{line}\necho '{MARK}'\n" for line in lines)
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", script), cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        async with asyncio.timeout(120):
            printed, _ = await process.communicate()

    outputs = printed.decode().split(f"{MARK}\n")
    assert len(outputs) == len(recipes) + 1
    for step, found in zip(recipes, outputs, strict=False):
        # Not every body ends with a line end, and the mark begins behind it.
        assert fits(step.output, found), f"$ {step.command}\nprinted\n{found}\nand not\n{step.output}"
