"""Clients that stop reading, vanish, or send what nobody asked for: nobody else feels it, and nothing is left."""

from collections.abc import Callable

import anyio
import pytest

from gateway.outlet import CHUNK_BYTES
from gateway.protocol import BoundedHeads
from helpers.event_stream import EventStream
from helpers.eventually import eventually
from helpers.gateways import GatewayFactory, RunningGateway
from helpers.postgres_proxy import postgres_proxy
from helpers.raw_http import Connection, CutError, connected_to
from helpers.storytellers import Storyteller
from processor.claim import Claim

NEVER = 100_000.0
HIGH_WATER = 64 << 10  # what uvicorn lets stand in a connection's buffer before a write waits
MUCH = 16 << 20
SMALL = 4096


def path_of(claim: Claim) -> str:
    return f"/v1/tasks/{claim.task}/events"


async def streams_are(gateway: RunningGateway, count: int) -> None:
    async def are() -> bool:
        return len(gateway.parts.live.streams) == count

    await eventually(are)


def buffered(gateway: RunningGateway) -> int:
    """The most bytes that any connection of the gateway has in its memory."""
    connections = [each for each in gateway.server.server_state.connections if isinstance(each, BoundedHeads)]
    return max((each.transport.get_write_buffer_size() for each in connections), default=0)


async def until_stuck(gateway: RunningGateway) -> None:
    """Wait until some client takes no more."""

    async def is_stuck() -> bool:
        return buffered(gateway) > HIGH_WATER

    await eventually(is_stuck)


async def tell_much(teller: Storyteller, claim: Claim) -> int:
    """More than any buffer takes; returns how many events that were."""
    line = "x" * 100_000
    for _ in range(MUCH // len(line)):
        await teller.tell(claim, line)
    return MUCH // len(line)


async def test_a_client_that_stops_reading_holds_few_bytes_and_nobody_else_feels_it(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    claim = await teller.running()
    async with (
        gateways.start(backstop_s=NEVER) as gateway,
        connected_to(gateway.url, receive_buffer=SMALL) as stuck,
        connected_to(gateway.url) as healthy,
    ):
        await EventStream.open(stuck, path_of(claim))
        stream = await EventStream.open(healthy, path_of(claim))
        most = 0

        async def read() -> None:
            while (await stream.event("log", "succeeded")).event == "log":
                nonlocal most
                most = max(most, buffered(gateway))

        async with anyio.create_task_group() as group:
            group.start_soon(read)
            told = await tell_much(teller, claim)
            await teller.succeed(claim)
        held = buffered(gateway)

    assert len([block for block in stream.seen if block.event == "log"]) == told
    assert 0 < held <= most <= HIGH_WATER + CHUNK_BYTES + SMALL


async def test_a_client_that_takes_nothing_is_cut_off_and_comes_back_with_its_cursor(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    claim = await teller.running()
    async with gateways.start(send_timeout_s=0.3) as gateway:
        async with connected_to(gateway.url, receive_buffer=SMALL) as stuck:
            stream = await EventStream.open(stuck, path_of(claim))
            told = await tell_much(teller, claim)
            await teller.succeed(claim)
            await streams_are(gateway, 0)
            with pytest.raises(CutError):
                await stream.events()
        async with connected_to(gateway.url) as again:
            rest = await (
                await EventStream.open(again, path_of(claim), last_event_id=str(stream.last_event_id))
            ).events()

    before = [int(block.id) for block in stream.seen if block.id]
    after = [int(block.id) for block in rest if block.id]
    assert before + after == list(range(1, told + 4))


async def test_a_slow_client_gets_every_event_but_of_the_progress_only_the_latest(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    claim = await teller.running()
    rounds = 20
    async with (
        gateways.start(backstop_s=NEVER) as gateway,
        connected_to(gateway.url, receive_buffer=SMALL) as slow,
        connected_to(gateway.url) as quick,
    ):
        stream = await EventStream.open(slow, path_of(claim))
        other = await EventStream.open(quick, path_of(claim))
        await tell_much(teller, claim)
        await until_stuck(gateway)
        for number in range(1, rounds + 1):
            teller.progress(claim, number / rounds)
            while (await other.event("progress")).data["fraction"] != number / rounds:
                pass
        while (progress := await stream.event("progress")).data["fraction"] != 1:
            pass
        await teller.succeed(claim)
        await stream.events()

    told = [block for block in stream.seen if block.event == "progress"]
    assert progress.data["fraction"] == 1
    assert len(told) < rounds / 2
    assert [int(block.id) for block in stream.seen if block.id] == [
        int(block.id) for block in other.seen if block.id
    ] + [int(block.id) for block in stream.seen[-2:] if block.id]


async def test_a_client_that_resets_before_the_first_byte_leaves_no_place_taken(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    claim = await teller.running()
    async with (
        postgres_proxy(upstream=gateways.database.server.port) as proxy,
        gateways.start(dsn=proxy.dsn(gateways.database.gateway_dsn), open_s=20) as gateway,
    ):
        held = proxy.hold_answer("FROM unnest($1::uuid[], $2::bigint[])")
        connections = [await Connection.open(gateway.url) for _ in range(50)]
        for connection in connections:
            await connection.request(path_of(claim))
        await held.caught.wait()
        await streams_are(gateway, 50)
        for connection in connections:
            connection.reset()
        held.released.set()
        await streams_are(gateway, 0)

        assert gateway.parts.live.streams._open_of == {}
        assert gateway.parts.live.streams._outlets == {}


@pytest.mark.parametrize("leave", [Connection.reset, Connection.close])
async def test_a_client_that_vanishes_in_the_middle_leaves_no_place_taken(
    gateways: GatewayFactory, teller: Storyteller, leave: Callable[[Connection], None]
) -> None:
    claim = await teller.running()
    async with gateways.start(backstop_s=NEVER) as gateway:
        connections = [await Connection.open(gateway.url) for _ in range(20)]
        for connection in connections:
            await (await EventStream.open(connection, path_of(claim))).event()
        for connection in connections:
            leave(connection)
        await streams_are(gateway, 0)


async def test_a_client_that_sent_its_next_request_ahead_and_vanishes_leaves_no_place_taken(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    claim = await teller.running()
    async with gateways.start(heartbeat_s=0.1) as gateway:
        connection = await Connection.open(gateway.url)
        await (await EventStream.open(connection, path_of(claim))).event()
        for path in (path_of(claim), "/v1/events", "/healthz"):
            await connection.request(path)
        await streams_are(gateway, 1)
        connection.reset()
        await streams_are(gateway, 0)


async def test_a_body_that_never_comes_keeps_nobody_from_being_served(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    claim = await teller.running()
    async with gateways.start() as gateway, connected_to(gateway.url) as odd, connected_to(gateway.url) as connection:
        await odd.request(path_of(claim), headers={"content-length": "10"})
        stream = await EventStream.open(connection, path_of(claim))
        await stream.event("started")
        await teller.succeed(claim)
        assert [event.event for event in await stream.events()] == ["succeeded", "end"]

        second = await teller.running()
        async with connected_to(gateway.url) as another:
            again = await EventStream.open(another, path_of(second))
            await again.event("started")
            await teller.succeed(second)
            assert [event.event for event in await again.events()] == ["succeeded", "end"]


async def test_a_board_whose_client_stops_reading_is_cut_off_and_others_are_served(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    claim = await teller.running()
    padding = "x" * 1_000_000
    async with (
        gateways.start(send_timeout_s=0.3, backstop_s=NEVER) as gateway,
        connected_to(gateway.url, receive_buffer=SMALL) as stuck,
        connected_to(gateway.url) as healthy,
    ):
        await EventStream.open(stuck, "/v1/events")
        stream = await EventStream.open(healthy, "/v1/events")
        await streams_are(gateway, 2)
        version = 0

        async def one_is_cut() -> bool:
            nonlocal version
            version += 1
            await teller.owner.execute(
                "UPDATE task SET tags = $2, version = version + 1 WHERE id = $1", claim.task, [padding, str(version)]
            )
            teller.notifier.feed_moved([claim.task])
            while (await stream.event("task")).data["tags"] != [padding, str(version)]:
                pass
            return len(gateway.parts.live.streams) == 1

        await eventually(one_is_cut)
