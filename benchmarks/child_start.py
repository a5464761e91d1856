"""From nothing to the end of a first task: a child that is cold, forked, waiting, used again; with walls and without.

Cold is what a child would cost without the fork server: a new Python that imports Polars. The yardstick of each figure
is the same child without Landlock and seccomp. Then the same profile of a table is made behind walls and without them,
taking turns, to see what they cost while an analysis runs.
"""

import argparse
import asyncio
import hashlib
import statistics
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.parts.engine import python_with_kinds
from benchmarks.parts.figures import compare, headline, tell
from helpers.unwalled import python_without_walls
from processor.child_process import Child
from processor.children import Children
from processor.protocol import Failure, InputFile, Job, Result

COLD = "import polars, processor.child"
Measure = Callable[["Rig"], Awaitable[float]]


class Rig:
    """Children of one sort, and the task that they are given."""

    def __init__(self, children: Children, *, table: Path) -> None:
        self._children = children
        self._table = table
        self._sha256 = hashlib.sha256(table.read_bytes()).hexdigest()
        self._used: Child | None = None

    async def forked(self) -> float:
        """Milliseconds from the wish for a child to the end of its first task."""
        began = time.perf_counter()
        child = await self._children.start()
        await self._run(child, "noop")
        took = time.perf_counter() - began
        await child.end(grace_s=0)
        return 1000 * took

    async def waiting(self) -> float:
        """Milliseconds of the first task of a child that has had the time to get ready."""
        child = await self._children.start()
        await asyncio.sleep(0.05)
        took = await self._run(child, "noop")
        await child.end(grace_s=0)
        return took

    async def used(self) -> float:
        """Milliseconds of a further task of a child, with the lending and the clearing that belong to it."""
        return await self._run(await self.child(), "noop")

    async def profiling(self) -> float:
        """Milliseconds of a profile of the table."""
        return await self._run(await self.child(), "profile")

    async def child(self) -> Child:
        """The one that is used again."""
        if self._used is None:
            self._used = await self._children.start()
            await self._run(self._used, "profile")
        return self._used

    async def _run(self, child: Child, kind: str) -> float:
        began = time.perf_counter()
        child.send(self._job(child, kind))
        while not isinstance(message := await child.receive(), Result):
            if isinstance(message, Failure):
                raise SystemExit(f"{kind} failed: {message.message}")
        await child.room.clear()
        return 1000 * (time.perf_counter() - began)

    def _job(self, child: Child, kind: str) -> Job:
        lent = child.room.lend(self._table, sha256=self._sha256)
        data = InputFile(filename="table.csv", path=str(lent), sha256=self._sha256, bytes=self._table.stat().st_size)
        return Job(
            kind=kind,
            params={},
            inputs={"data": data},
            scratch=str(child.room.scratch),
            memory_mb=4096,
            low_memory=False,
        )


@asynccontextmanager
async def rig(folder: Path, *, python: Path, table: Path) -> AsyncIterator[Rig]:
    async with Children(threads=1, home=folder, python=python) as children:
        print(f"  {folder.name:10} {', '.join(children.walls)}", flush=True)
        yield Rig(children, table=table)


async def medians(measure: Measure, walled: Rig, unwalled: Rig, *, rounds: int) -> tuple[float, float]:
    """Of both sorts, taking turns."""
    found: dict[Rig, list[float]] = {walled: [], unwalled: []}
    for _ in range(rounds):
        for each, figures in found.items():
            figures.append(await measure(each))
    return statistics.median(found[walled]), statistics.median(found[unwalled])


def cold(python: Path) -> float:
    """Milliseconds until a new Python has imported what a child needs."""
    began = time.perf_counter()
    subprocess.run([python, "-I", "-c", COLD], check=True)
    return 1000 * (time.perf_counter() - began)


def table_of(path: Path, *, rows: int) -> Path:
    """A table whose numbers no two runs share, but whose shape they do."""
    lines = (f"{row},{row * 7919 % 1009},{row * 0.37:.3f},name {row % 97}" for row in range(rows))
    path.write_text("id,group,amount,name\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


async def run(*, rounds: int, rows: int) -> None:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        python = python_with_kinds(folder / "environment")
        bare = Path(python_without_walls(str(python), folder=folder))
        table = table_of(folder / "table.csv", rows=rows)
        for name in ("walled", "unwalled"):
            (folder / name).mkdir()
        walled = await stack.enter_async_context(rig(folder / "walled", python=python, table=table))
        unwalled = await stack.enter_async_context(rig(folder / "unwalled", python=bare, table=table))
        headline("the same without Landlock and seccomp")
        tell("cold: a new Python that imports Polars", statistics.median(cold(python) for _ in range(5)), unit="ms")
        for name, measure in {
            "forked: start and first task": Rig.forked,
            "standby: first task": Rig.waiting,
            "used again: task with its clearing up": Rig.used,
        }.items():
            compare(name, *await medians(measure, walled, unwalled, rounds=rounds), unit="ms")
        profile = await medians(Rig.profiling, walled, unwalled, rounds=max(rounds // 5, 3))
        compare(f"profile of {rows:,} rows", *profile, unit="ms", goal="1.00")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--rows", type=int, default=200_000)
    arguments = parser.parse_args()
    asyncio.run(run(rounds=arguments.rounds, rows=arguments.rows))


if __name__ == "__main__":
    main()
