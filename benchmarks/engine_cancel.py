"""From the POST that cancels a running query until its task is `cancelled`, beside the end of a process by SIGKILL.

Each query is a cross join that native code works on for hours; it is cancelled when it has run for a while. The clock
starts before the POST to a real `sundog up` and stops when the row says `cancelled`, looked at every two milliseconds:
by then the child is gone. The yardstick, in turns with it, is a process that does nothing: SIGKILL, and wait for it.
"""

import argparse
import asyncio
import sys
import time
from contextlib import AsyncExitStack
from typing import Final
from uuid import UUID

import asyncpg
import uvloop

from benchmarks.latency import some_flights, sundog_up, uploaded
from benchmarks.parts.figures import compare, headline, percentile
from benchmarks.parts.http_connection import HttpConnection
from benchmarks.parts.installation import installation

SQL: Final = """
SELECT count(*) AS n FROM flights AS a CROSS JOIN flights AS b CROSS JOIN flights AS c
WHERE a.distance + b.distance + c.distance < 0
"""
RUNS: Final = "SELECT EXISTS (SELECT FROM task WHERE id = $1 AND state = 'running')"
ENDED: Final = "SELECT state FROM task WHERE id = $1 AND finished_at IS NOT NULL"
LOOK_S: Final = 0.002
WAIT_S: Final = 30.0
WARM_UP: Final = 3


class Query:
    """The same long query, again and again."""

    def __init__(self, port: int, *, dataset: str, connection: asyncpg.Connection, runs_s: float) -> None:
        self._port = port
        self._asked = {"kind": "query", "inputs": {"flights": dataset}, "params": {"sql": SQL}}
        self._connection = connection
        self._runs_s = runs_s

    async def once(self) -> float:
        """Start it, let it run, cancel it; seconds of the last."""
        connection = await HttpConnection.to(self._port)
        task = await connection.post("/v1/tasks", self._asked)
        identity = UUID(task["id"])
        await self._until(RUNS, identity)
        await asyncio.sleep(self._runs_s)
        began = time.perf_counter()
        await connection.post(task["urls"]["cancel"], {})
        state = await self._until(ENDED, identity)
        took = time.perf_counter() - began
        connection.close()
        assert state == "cancelled", state
        return took

    async def _until(self, question: str, identity: UUID) -> object:
        async with asyncio.timeout(WAIT_S):
            while not (answer := await self._connection.fetchval(question, identity)):
                await asyncio.sleep(LOOK_S)
        return answer


async def killed() -> float:
    """Seconds from SIGKILL until the end of a process was seen."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE)
    await asyncio.sleep(0.1)
    began = time.perf_counter()
    process.kill()
    await process.wait()
    return time.perf_counter() - began


async def main(tasks: int, runs_s: float) -> None:
    ours: list[float] = []
    plain: list[float] = []
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(installation())
        port = await stack.enter_async_context(sundog_up(here))
        dataset = await uploaded(port, some_flights(here.folder))
        query = Query(port, dataset=dataset, connection=here.owner, runs_s=runs_s)
        for number in range(WARM_UP + tasks):
            took = await query.once(), await killed()
            if number >= WARM_UP:
                ours.append(took[0])
                plain.append(took[1])
    print(f"{len(ours)} queries, cancelled {runs_s:g} s after they were claimed")
    headline("SIGKILL of a process that does nothing, until its end is seen")
    for percent, goal in ((50, ""), (99, "1000 ms")):
        figures = [percentile(each, percent) * 1000 for each in (ours, plain)]
        compare(f"POST cancel until the task is cancelled, p{percent}", *figures, unit="ms", goal=goal)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=0.5, help="how long each query runs before it is cancelled")
    asked = parser.parse_args()
    uvloop.run(main(asked.tasks, asked.seconds))
