"""A gateway that is killed, and one that is told to stop, with many streams open."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import anyio

from helpers.database import Database
from helpers.event_stream import EventStream
from helpers.gateway_process import GatewayProcess, gateway_process
from helpers.raw_http import Connection, CutError
from helpers.storytellers import storyteller
from processor.claim import Claim

WATCHERS = 500
TASKS = 10
STREAMS = 1_000
AT_ONCE = 50


@dataclass(slots=True)
class Watcher:
    """A client that goes to the next gateway when one breaks off."""

    path: str
    urls: Sequence[str]
    seqs: list[int] = field(default_factory=list)
    moves: int = 0
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    async def watch(self) -> None:
        """Watch to the end of the story."""
        for url in self.urls:
            connection = await Connection.open(url)
            try:
                if await self._read(connection):
                    return
            except CutError:
                self.moves += 1
            finally:
                connection.close()

    async def _read(self, connection: Connection) -> bool:
        cursor = str(self.seqs[-1]) if self.seqs else "0"
        stream = await EventStream.open(connection, self.path, last_event_id=cursor)
        while (block := await stream.event()).event != "end":
            assert block.event != "reset"
            if block.id is not None:
                self.seqs.append(int(block.id))
                self.begun.set()
        return True


async def all_begun(watchers: Sequence[Watcher]) -> None:
    for watcher in watchers:
        await watcher.begun.wait()


async def test_watchers_of_a_gateway_that_is_killed_go_on_at_another_and_miss_nothing(
    database: Database, tmp_path: Path
) -> None:
    async with (
        gateway_process(database, tmp_path / "one") as one,
        gateway_process(database, tmp_path / "other") as other,
        storyteller(database) as teller,
    ):
        claims = [await teller.running() for _ in range(TASKS)]
        watchers = [
            Watcher(f"/v1/tasks/{claims[number % TASKS].task}/events", [one.url, other.url])
            for number in range(WATCHERS)
        ]
        async with anyio.create_task_group() as group:
            for watcher in watchers:
                group.start_soon(watcher.watch)
            await all_begun(watchers)
            for claim in claims:
                await teller.tell(claim, *(f"line {number}" for number in range(20)))
            one.process.kill()
            await one.ended()
            for claim in claims:
                await teller.tell(claim, *(f"line {number}" for number in range(20)))
                await teller.succeed(claim)

    assert [watcher.moves for watcher in watchers] == [1] * WATCHERS
    assert all(watcher.seqs == list(range(1, 44)) for watcher in watchers)


@dataclass(slots=True)
class Farewell:
    """How a stream ended."""

    has_retry: bool
    ended_in_order: bool
    closed: bool


async def open_streams(gateway: GatewayProcess, claims: Sequence[Claim]) -> list[EventStream]:
    """A thousand streams, each past its first events."""
    limiter = anyio.CapacityLimiter(AT_ONCE)
    streams: list[EventStream] = []

    async def open_one(number: int) -> None:
        async with limiter:
            connection = await Connection.open(gateway.url)
            stream = await EventStream.open(connection, f"/v1/tasks/{claims[number % TASKS].task}/events")
            await stream.event("started")
            streams.append(stream)

    async with anyio.create_task_group() as group:
        for number in range(STREAMS):
            group.start_soon(open_one, number)
    return streams


async def farewell_of(stream: EventStream) -> Farewell:
    while await stream.block() is not None:
        pass
    connection = stream.answer.connection
    closed = await connection.is_closed_by_server()
    connection.close()
    return Farewell(stream.seen[-1].retry is not None, stream.answer.is_over, closed)


async def test_a_gateway_that_is_told_to_stop_says_farewell_to_a_thousand_streams(
    database: Database, tmp_path: Path
) -> None:
    farewells: list[Farewell] = []

    async def hear(stream: EventStream) -> None:
        farewells.append(await farewell_of(stream))

    async with gateway_process(database, tmp_path) as gateway, storyteller(database) as teller:
        claims = [await teller.running() for _ in range(TASKS)]
        streams = await open_streams(gateway, claims)
        gateway.process.terminate()
        async with anyio.create_task_group() as group:
            for stream in streams:
                group.start_soon(hear, stream)
        code = await gateway.ended()

    assert code == 0
    assert farewells == [Farewell(has_retry=True, ended_in_order=True, closed=True)] * STREAMS


async def test_a_gateway_that_is_told_to_stop_does_not_wait_for_clients_that_take_nothing(
    database: Database, tmp_path: Path
) -> None:
    async with gateway_process(database, tmp_path, STREAM_DRAIN_S="0.2") as gateway, storyteller(database) as teller:
        claim = await teller.running()
        stuck = [await Connection.open(gateway.url, receive_buffer=4096) for _ in range(5)]
        for connection in stuck:
            await EventStream.open(connection, f"/v1/tasks/{claim.task}/events")
        for _ in range(150):
            await teller.tell(claim, "x" * 100_000)
        gateway.process.terminate()
        code = await gateway.ended()
        for connection in stuck:
            connection.close()

    assert code == 0
