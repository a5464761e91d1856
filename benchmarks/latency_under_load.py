"""GET /v1/tasks/{id} while eight analyses take all that the machine has, beside the same on the idle machine.

Against a real `sundog up`, with the priorities that it gives to its parts. The yardstick are the same requests before
and after the load. Requests are paced, so that they are not a load of their own. What the analyses do: profiles of a
file with numbers and words, again and again.
"""

import argparse
import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import asyncpg
import uvloop

from benchmarks.latency import sundog_up, uploaded
from benchmarks.parts.figures import compare, headline, percentile, tell
from benchmarks.parts.http_connection import HttpConnection
from benchmarks.parts.installation import installation

ANALYSES: Final = 8
PAUSE_S: Final = 0.01
BUSY_S: Final = 60.0
WAIT_S: Final = 60
MEMORY_MB: Final = 512
COUNT_RUNNING: Final = "SELECT count(*) FROM task WHERE state = 'running'"


def some_table(folder: Path, *, rows: int) -> Path:
    """A CSV with numbers and words."""
    chance, path = random.Random(7), folder / "table.csv"
    with path.open("w", encoding="ascii") as table:
        table.write("id,amount,price,word,day\n")
        for number in range(rows):
            word = f"word-{chance.randrange(5_000)}"
            table.write(
                f"{number},{chance.randrange(10**6)},{chance.random():.6f},{word},2026-01-{number % 28 + 1:02}\n"
            )
    return path


class Looks:
    """Looks at one task again and again.

    Attributes:
        running: how many tasks ran, now and then.
    """

    def __init__(self, connection: HttpConnection, path: str, owner: asyncpg.Connection) -> None:
        self._connection = connection
        self._path = path
        self._owner = owner
        self.running: list[int] = []

    async def take(self, times: int) -> list[float]:
        """Milliseconds of each look."""
        took = []
        for number in range(times):
            await asyncio.sleep(PAUSE_S)
            began = time.perf_counter()
            await self._connection.get(self._path)
            took.append((time.perf_counter() - began) * 1_000)
            if number % 50 == 0:
                self.running.append(await self.count())
        return took

    async def count(self) -> int:
        """How many tasks run now."""
        return int(await self._owner.fetchval(COUNT_RUNNING))


@asynccontextmanager
async def all_busy(port: int, asked: dict[str, object], looks: Looks) -> AsyncIterator[None]:
    """Inside, so many analyses run at any time."""

    async def keep_busy() -> None:
        connection = await HttpConnection.to(port)
        while True:
            await connection.post("/v1/tasks", asked, wait_s=WAIT_S)

    async with asyncio.TaskGroup() as group:
        # More than there are slots, so that the next one waits already when one ends.
        work = [group.create_task(keep_busy()) for _ in range(2 * ANALYSES)]
        async with asyncio.timeout(BUSY_S):
            while await looks.count() < ANALYSES:
                await asyncio.sleep(PAUSE_S)
        looks.running.clear()
        yield
        for each in work:
            each.cancel()


async def measure(*, looks: int, rows: int) -> None:
    async with installation() as here, sundog_up(here, "--slots", str(ANALYSES)) as port:
        dataset = await uploaded(port, some_table(here.folder, rows=rows))
        asked: dict[str, object] = {"kind": "profile", "inputs": {"data": dataset}, "memory_mb": MEMORY_MB}
        connection = await HttpConnection.to(port)
        task = await connection.post("/v1/tasks", asked, wait_s=WAIT_S)
        looking = Looks(connection, task["urls"]["self"], here.owner)
        await looking.take(50)  # to warm up
        idle = await looking.take(looks // 2)
        async with all_busy(port, asked, looking):
            busy = await looking.take(looks)
        running = looking.running
        await connection.post("/v1/tasks/cancel?kind=profile", None)
        while await looking.count():
            await asyncio.sleep(PAUSE_S)
        connection.close()  # which the gateway may have done meanwhile
        again = await HttpConnection.to(port)
        idle += await Looks(again, task["urls"]["self"], here.owner).take(looks // 2)
        again.close()
    report(idle, busy, running)


def report(idle: Sequence[float], busy: Sequence[float], running: Sequence[int]) -> None:
    headline("the same on the idle machine")
    for percent, goal in ((50, ""), (99, "<= 1.5")):
        figures = (percentile(each, percent) for each in (busy, idle))
        compare(f"GET /v1/tasks/{{id}}, p{percent}", *figures, unit="ms", goal=goal)
    tell("analyses that ran, in the mean", sum(running) / len(running), unit="")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--looks", type=int, default=4_000, help="requests under load, and as many without")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the file that is profiled")
    given = parser.parse_args()
    uvloop.run(measure(looks=given.looks, rows=given.rows))
