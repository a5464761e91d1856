"""A task of a small file, from the answer to its POST: until its watcher sees it claimed, and the first partial result.

One task at a time against a real `sundog up`, with real flights. The yardstick, in turns with it and on the same
Postgres, is the least that a queue there can do, in a process of its own: INSERT, NOTIFY, a claim with SKIP LOCKED, and
NOTIFY back.
"""

import argparse
import asyncio
import itertools
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg
import uvloop

from benchmarks.parts.figures import compare, headline, percentile
from benchmarks.parts.http_connection import HttpConnection
from benchmarks.parts.installation import Installation, installation
from benchmarks.parts.programs import program
from sundog.client import SundogClient
from sundog.demo_data import flights_csv
from sundog.process import ChildProcess

ROWS: Final = 2_000
WARM_UP: Final = 5
READY: Final = re.compile(r"^Sundog is ready at http://127\.0\.0\.1:(\d+)$", re.MULTILINE)
READY_S: Final = 60.0
STOP_S: Final = 20.0
SCHEMA: Final = "CREATE TABLE job (id bigserial PRIMARY KEY, claimed boolean NOT NULL DEFAULT false)"
INSERT: Final = "INSERT INTO job DEFAULT VALUES"
TELL: Final = "SELECT pg_notify('work', '')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """Seconds of one task: the POST itself; from its answer until it was seen claimed, and until a partial result."""

    post: float
    started: float
    partial: float


@asynccontextmanager
async def sundog_up(here: Installation, *arguments: str, **settings: object) -> AsyncIterator[int]:
    """Everything on one machine, over this installation's Postgres; its port.

    Args:
        here: the installation.
        arguments: more of its command.
        settings: variables of the environment that begin with SUNDOG_; those of the caller are left out.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SUNDOG_")}
    log = here.folder / "up.log"
    command = [sys.executable, "-P", "-m", "sundog", "up", "--port", "0", "--data", str(here.folder / "data")]
    command += arguments
    with log.open("wb") as output:
        process = ChildProcess.start(
            command,
            env={
                **inherited,
                "SUNDOG_DATABASE_DSN": here.owner_dsn,
                **{key: str(value) for key, value in settings.items()},
            },
            output=output,
            parent_death_signal=signal.SIGTERM,
        )
    try:
        async with asyncio.timeout(READY_S):
            while (ready := READY.search(log.read_text(encoding="utf-8"))) is None:
                assert process.returncode is None, log.read_text(encoding="utf-8")
                await asyncio.sleep(0.05)
        yield int(ready[1])
    finally:
        await process.stop((signal.SIGTERM, STOP_S))


class Task:
    """A task of the same file, again and again."""

    def __init__(self, port: int, *, dataset: str) -> None:
        self._port = port
        self._asked = {"kind": "profile", "inputs": {"data": dataset}}

    async def once(self) -> Took:
        """Record it and watch it to its end."""
        posting, watching = await HttpConnection.to(self._port), await HttpConnection.to(self._port)
        began = time.perf_counter()
        task = await posting.post("/v1/tasks", self._asked)
        answered = time.perf_counter()
        first: dict[str, float] = {}
        async for name, came in watching.events(task["urls"]["events"]):
            first.setdefault(name, came)
        posting.close()
        watching.close()
        assert {"started", "partial", "succeeded"} <= first.keys(), first
        return Took(post=answered - began, started=first["started"] - answered, partial=first["partial"] - answered)


class BareQueue:
    """The yardstick's end that submits."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._claimed = asyncio.Event()

    async def listen(self, listener: asyncpg.Connection) -> None:
        """Hear of claims."""
        await listener.add_listener("claimed", lambda *_heard: self._claimed.set())

    async def once(self) -> tuple[float, float]:
        """Seconds until an INSERT is answered, and from then until the claim is heard of."""
        self._claimed.clear()
        began = time.perf_counter()
        await self._connection.execute(INSERT)
        answered = time.perf_counter()
        await self._connection.execute(TELL)
        async with asyncio.timeout(READY_S):
            await self._claimed.wait()
        return answered - began, time.perf_counter() - answered


async def bare_queue(here: Installation, stack: AsyncExitStack) -> BareQueue:
    await here.owner.execute("CREATE DATABASE bare")
    dsn = here.owner_dsn.replace("/sundog?", "/bare?")
    connection, listener = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
    for each in (connection, listener):
        stack.push_async_callback(each.close)
    await connection.execute(SCHEMA)
    queue = BareQueue(connection)
    await queue.listen(listener)
    worker = await stack.enter_async_context(program("bare_queue", dsn))
    await worker.ask("begin")
    await queue.once()
    return queue


def some_flights(folder: Path) -> Path:
    """The first flights of the year, as a CSV."""
    some = folder / "some_flights.csv"
    with flights_csv(folder).open(encoding="utf-8") as all_flights, some.open("w", encoding="utf-8") as target:
        target.writelines(itertools.islice(all_flights, ROWS + 1))
    return some


async def uploaded(port: int, path: Path) -> str:
    async with SundogClient(f"http://127.0.0.1:{port}") as client:
        return str((await client.upload(path))["id"])


async def main(tasks: int) -> None:
    ours: list[Took] = []
    bare: list[tuple[float, float]] = []
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(installation())
        port = await stack.enter_async_context(sundog_up(here))
        queue = await bare_queue(here, stack)
        task = Task(port, dataset=await uploaded(port, some_flights(here.folder)))
        for number in range(WARM_UP + tasks):
            took = await queue.once(), await task.once()
            if number >= WARM_UP:
                bare.append(took[0])
                ours.append(took[1])
    report(ours, bare)


def report(ours: Sequence[Took], bare: Sequence[tuple[float, float]]) -> None:
    print(f"{len(ours)} tasks of {ROWS:,} flights, one at a time")
    headline("bare asyncpg loop: its INSERT; from its answer until the claim is heard of")
    inserts, claims = zip(*bare, strict=True)
    for name, took, yardstick in (
        ("POST until answered", [each.post for each in ours], inserts),
        ("answered until seen as claimed", [each.started for each in ours], claims),
        ("answered until the first partial result", [each.partial for each in ours], claims),
    ):
        for percent in (50, 99):
            figures = [percentile(each, percent) * 1000 for each in (took, yardstick)]
            compare(f"{name}, p{percent}", *figures, unit="ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=200)
    uvloop.run(main(parser.parse_args().tasks))
