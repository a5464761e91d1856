"""What telling costs: the same profile with progress and partial results, with progress alone, and silent.

Each run is a real child behind its walls, used again, that speaks over its pipe to this process, as to a supervisor.
Silent is the same analysis whose words end in the child; the yardstick. The three take turns, and every turn begins
with another, so that none has the warmer cache. The child's CPU time is told too: on a machine that others share, wall
time differs by more than what is looked for.
"""

import argparse
import asyncio
import shutil
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.parts.cpu import own_cpu_seconds
from benchmarks.parts.engine import python_with_kinds
from benchmarks.parts.figures import compare, headline, tell
from benchmarks.parts.kinds import TELLING
from helpers.tpch import make_tables
from processor.child_process import Child
from processor.children import Children
from processor.protocol import Failure, InputFile, Job, Result

GOAL = "≤ 1.03"


@dataclass(frozen=True, slots=True)
class Took:
    """What one run took: wall and CPU seconds, and messages before its result."""

    wall: float
    cpu: float
    messages: int


def job_of(child: Child, kind: str, table: Path) -> Job:
    """The profile of a table, told in one of the three ways."""
    digest = "0" * 64
    lent = child.room.lend(table, sha256=digest)
    data = InputFile(filename=table.name, path=str(lent), sha256=digest, bytes=table.stat().st_size)
    return Job(
        kind=kind,
        params={},
        inputs={"data": data},
        scratch=str(child.room.scratch),
        memory_mb=4096,
        low_memory=False,
    )


async def took(child: Child, kind: str, table: Path) -> Took:
    """Run it once."""
    began, cpu = time.perf_counter(), own_cpu_seconds(child.pid)
    child.send(job_of(child, kind, table))
    messages = 0
    while not isinstance(message := await child.receive(), Result):
        if isinstance(message, Failure):
            raise SystemExit(f"{kind} failed: {message.message}")
        messages += 1
    spent = Took(time.perf_counter() - began, own_cpu_seconds(child.pid) - cpu, messages)
    await child.room.clear()
    return spent


async def run(folder: Path, *, scale: str, form: str, rounds: int) -> None:
    table = make_tables(folder, scale=scale, form=form, only=["lineitem"])["lineitem"]
    python = python_with_kinds(folder / "environment")
    (folder / "home").mkdir()
    found: dict[str, list[Took]] = defaultdict(list)
    async with Children(threads=2, home=folder / "home", python=python) as children:
        child = await children.start()
        await took(child, TELLING[0], table)  # reads the file into the system's cache
        for number in range(rounds):
            turn = number % len(TELLING)
            for kind in (*TELLING[turn:], *TELLING[:turn]):
                found[kind].append(await took(child, kind, table))
        await child.end(grace_s=0)
    report(found, name=f"lineitem SF{scale} as {form}, median of {rounds}")


def report(found: dict[str, list[Took]], *, name: str) -> None:
    """Medians beside the silent run's, and the median of the ratios within each round."""
    headline("the same, silent")
    everything, progress, silent = (found[kind] for kind in TELLING)
    for told, runs in (("all that is told", everything), ("progress alone", progress)):
        beside(f"{name}, {told}", [run.wall for run in runs], [run.wall for run in silent])
        beside(f"  {told}: CPU time", [run.cpu for run in runs], [run.cpu for run in silent])
    for kind in TELLING:
        tell(f"messages of {kind}", statistics.median(run.messages for run in found[kind]), unit="")


def beside(name: str, figures: Sequence[float], yardsticks: Sequence[float]) -> None:
    compare(name, statistics.median(figures), statistics.median(yardsticks), unit="s", goal=GOAL)
    ratios = [one / other for one, other in zip(figures, yardsticks, strict=True)]
    tell("    median of the rounds' ratios", statistics.median(ratios), unit="")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", default="1", help="TPC-H scale factor; 1 is 6,001,215 rows")
    parser.add_argument("--format", default="parquet", choices=["csv", "parquet"])
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="sundog-bench-"))
    try:
        asyncio.run(run(folder, scale=asked.scale, form=asked.format, rounds=asked.rounds))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
