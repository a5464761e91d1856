"""Stories that are long, large, or begin again."""

import json
from pathlib import Path

import anyio
import pytest

from gateway.feed_reader import EVENTS_A_FEED
from helpers.event_stream import EventStream
from helpers.eventually import eventually
from helpers.gateway_process import gateway_process
from helpers.gateways import GatewayFactory
from helpers.raw_http import Connection, connected_to
from helpers.storytellers import Storyteller
from processor.claim import Claim

LONG = 100_000
WIDE = 50_000
NEVER = 100_000.0
PAGES = 20
SHARERS = 20
LARGE = 8 << 20
MANY_PARTIALS = 12


def path_of(claim: Claim) -> str:
    return f"/v1/tasks/{claim.task}/events"


def most_resident_bytes(pid: int) -> int:
    """The most memory that a process had so far."""
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines() if "VmHWM" in line)
    return int(line.split()[1]) * 1024


async def long_story(teller: Storyteller, events: int, *, message: str = "seq::text") -> Claim:
    """A running task that has told so many events; their message is this expression of their seq."""
    claim = await teller.running()
    async with teller.owner.transaction():
        await teller.owner.execute(
            "INSERT INTO event (task, seq, type, attempt, data)"
            f" SELECT $1, seq, 'log', 1, json_build_object('level', 'info', 'message', {message})"
            " FROM generate_series(3, $2::integer) AS seq",
            *(claim.task, events),
        )
        await teller.owner.execute("UPDATE task SET last_seq = $2 WHERE id = $1", claim.task, events)
    teller.feed.close(claim)
    teller.feed.open(longer := claim_at(claim, events))
    return longer


def claim_at(claim: Claim, seq: int) -> Claim:
    return Claim(**{name: getattr(claim, name) for name in Claim.__slots__} | {"seq": seq})


async def test_a_long_story_is_told_from_its_first_event_to_its_last(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    claim = await long_story(teller, LONG)
    await teller.succeed(claim)
    async with gateways.start() as gateway, connected_to(gateway.url) as connection:
        answer = await connection.get(f"{path_of(claim)}?after=0", accept="application/x-ndjson")
        seqs = [json.loads(line)["seq"] for line in (await answer.body()).splitlines()]

    assert seqs == [*range(1, LONG + 2), LONG + 1]


async def test_a_long_story_is_opened_by_two_statements(gateways: GatewayFactory, teller: Storyteller) -> None:
    claim = await long_story(teller, LONG)
    async with gateways.start() as gateway, connected_to(gateway.url) as connection:
        stream = await EventStream.open(connection, path_of(claim), last_event_id=str(LONG - EVENTS_A_FEED))
        first = await stream.event()
        reads = gateway.parts.live.hub.reader.reads

    assert first.id == str(LONG - EVENTS_A_FEED + 1)
    assert reads == 2


async def test_many_who_come_back_to_the_same_place_share_what_is_read(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    claim = await long_story(teller, PAGES * EVENTS_A_FEED)
    await teller.succeed(claim)
    told: list[list[str | None]] = []
    async with gateways.start(backstop_s=NEVER) as gateway:

        async def come_back() -> None:
            async with connected_to(gateway.url) as connection:
                stream = await EventStream.open(connection, path_of(claim), last_event_id="2")
                told.append([event.id for event in await stream.events()])

        async with anyio.create_task_group() as group:
            for _ in range(SHARERS):
                group.start_soon(come_back)
        reads = gateway.parts.live.hub.reader.reads

    assert told == [[*(str(seq) for seq in range(3, PAGES * EVENTS_A_FEED + 2)), None]] * SHARERS
    assert reads < 2 * PAGES  # and not SHARERS times as many


async def test_a_story_larger_than_a_gateway_may_hold_is_told_page_by_page(
    gateways: GatewayFactory, teller: Storyteller, tmp_path: Path
) -> None:
    claim = await long_story(teller, WIDE, message="repeat(seq::text, 300)")
    await teller.succeed(claim)
    async with gateway_process(gateways.database, tmp_path / "gateway") as gateway, connected_to(gateway.url) as reader:
        before = most_resident_bytes(gateway.process.pid)
        answer = await reader.get(f"{path_of(claim)}?after=0", accept="application/x-ndjson")
        told = lines = 0
        while piece := await answer.read():
            told += len(piece)
            lines += piece.count(b"\n")
        grown = most_resident_bytes(gateway.process.pid) - before

    assert lines == WIDE + 2
    assert grown < told / 2


async def test_who_reads_a_long_story_holds_up_nobody_else(gateways: GatewayFactory, teller: Storyteller) -> None:
    long, short = await long_story(teller, LONG), await teller.running()
    async with (
        gateways.start() as gateway,
        connected_to(gateway.url, receive_buffer=4096) as slow,
        connected_to(gateway.url) as quick,
    ):
        await EventStream.open(slow, f"{path_of(long)}?after=0")  # and does not read on
        stream = await EventStream.open(quick, path_of(short))
        await stream.event("started")
        for number in range(5):
            await teller.tell(short, f"line {number}")
            assert (await stream.event("log")).data["message"] == f"line {number}"


async def test_a_burst_larger_than_a_read_is_told_without_a_gap(gateways: GatewayFactory, teller: Storyteller) -> None:
    claim = await teller.running()
    async with gateways.start() as gateway, connected_to(gateway.url) as connection:
        stream = await EventStream.open(connection, path_of(claim))
        await stream.event("started")
        await teller.tell(claim, *(f"line {number}" for number in range(4 * EVENTS_A_FEED)))
        await teller.succeed(claim)
        events = await stream.events()

    assert [int(event.id) for event in events if event.id] == list(range(3, 4 * EVENTS_A_FEED + 4))


@pytest.mark.parametrize("watches", ["from the start", "from before the end"])
async def test_large_partial_results_arrive_whole(gateways: GatewayFactory, teller: Storyteller, watches: str) -> None:
    claim = await teller.running()
    result = {"columns": "x" * LARGE}
    async with gateways.start() as gateway, connected_to(gateway.url) as connection:
        if watches == "from before the end":
            await teller.partial(claim, result)
        stream = await EventStream.open(connection, path_of(claim))
        if watches == "from the start":
            await stream.event("started")
            await teller.partial(claim, result)
        partial = await stream.event("partial")
        await teller.tell(claim, "after it")
        after = await stream.event("log")

    assert partial.data["result"] == result
    assert (partial.id, after.id) == ("3", "4")


async def test_many_large_partial_results_are_not_all_held_in_memory(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    claim = await teller.running()
    for number in range(MANY_PARTIALS):
        # What cannot be compressed, so that it counts as it is.
        await teller.owner.execute(
            "INSERT INTO event (task, seq, type, attempt, data)"
            " SELECT $1, $2::integer, 'partial', 1, json_build_object('result', string_agg(md5(random()::text), ''))"
            " FROM generate_series(1, 16384)",
            *(claim.task, 3 + number),
        )
    await teller.owner.execute("UPDATE task SET last_seq = $2 WHERE id = $1", claim.task, 2 + MANY_PARTIALS)
    async with gateways.start() as gateway, connected_to(gateway.url) as connection:
        stream = await EventStream.open(connection, path_of(claim))
        ids = [(await stream.event("partial")).id for _ in range(MANY_PARTIALS)]
        async with gateway.parts.live.hub.feed(claim.task) as feed:
            kept = sum(len(event.body) for event in feed.after(feed.first_seq - 1))

    assert ids == [str(number) for number in range(3, 3 + MANY_PARTIALS)]
    assert kept <= 1 << 20


async def test_a_task_that_is_asked_for_again_after_its_end_goes_on_for_who_comes_back(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    await teller.offer()
    claim = await teller.running()
    teller.progress(claim, 0.9)
    await teller.fail(claim)
    async with gateways.start() as gateway, connected_to(gateway.url) as connection:
        first = await (await EventStream.open(connection, path_of(claim))).events()
        gone = await connection.get(path_of(claim), last_event_id="3")
        await connection.request(f"/v1/tasks/{claim.task}/retry", method="POST", body={})
        retried = await connection.answer()
        await retried.body()
        again = await EventStream.open(connection, path_of(claim), last_event_id="3")
        queued = await again.event()
        second = await teller.claim(claim.task)
        started = await again.event()
        await teller.succeed(second)
        rest = await again.events()

    assert [event.event for event in first] == ["queued", "started", "failed", "end"]
    assert (gone.status, retried.status) == (204, 202)
    assert (queued.event, queued.id) == ("queued", "4")
    assert (started.event, started.id) == ("started", "5")
    assert [event.event for event in rest] == ["succeeded", "end"]


async def test_progress_of_an_attempt_that_is_over_is_told_to_nobody(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    claim = await teller.running()
    async with gateways.start() as gateway, connected_to(gateway.url) as connection:
        stream = await EventStream.open(connection, path_of(claim))
        teller.progress(claim, 0.9)
        await stream.event("progress")
        await teller.interrupt(claim)
        await stream.event("retrying")
        second = await teller.claim(claim.task)
        await stream.event("started")
        async with connected_to(gateway.url) as late:
            other = await EventStream.open(late, path_of(claim))
            await other.event("retrying")
            await other.event("started")
            teller.progress(second, 0.1)
            progress = await other.event()

    assert progress.event == "progress"
    assert progress.data["fraction"] == 0.1


async def test_many_who_come_at_once_to_one_feed_are_served_by_one_read(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    claim = await long_story(teller, 50)
    async with gateways.start() as gateway:
        connections = [await Connection.open(gateway.url) for _ in range(100)]
        firsts: list[str | None] = []

        async def come(connection: Connection) -> None:
            stream = await EventStream.open(connection, path_of(claim), last_event_id="49")
            firsts.append((await stream.event()).id)

        async with anyio.create_task_group() as group:
            for connection in connections:
                group.start_soon(come, connection)
        reads = gateway.parts.live.hub.reader.reads
        for connection in connections:
            connection.close()

    assert firsts == ["50"] * 100
    assert reads <= 4


async def test_a_task_that_is_removed_ends_its_streams(gateways: GatewayFactory, teller: Storyteller) -> None:
    claim = await teller.running()
    async with gateways.start() as gateway, connected_to(gateway.url) as connection:
        stream = await EventStream.open(connection, path_of(claim))
        await stream.event("started")
        await teller.owner.execute("DELETE FROM task WHERE id = $1", claim.task)
        teller.notifier.feed_moved([claim.task])
        events = await stream.events()
        gone = await connection.get(path_of(claim))

    assert [event.event for event in events] == ["end"]
    assert gone.status == 404


async def test_a_feed_that_nobody_watches_is_forgotten_and_one_of_nobody_at_once(
    gateways: GatewayFactory, teller: Storyteller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.hub.FEED_KEPT_S", 0.0)
    claim = await teller.running()
    async with gateways.start(backstop_s=0.05) as gateway, connected_to(gateway.url) as connection:
        hub = gateway.parts.live.hub
        unknown = await connection.get(path_of(claim).replace(str(claim.task)[-4:], "0000"))
        await unknown.body()
        assert len(hub) == 0
        known = await connection.get(f"{path_of(claim)}?follow=0")
        await known.body()

        async def is_forgotten() -> bool:
            return len(hub) == 0

        await eventually(is_forgotten)

    assert (unknown.status, known.status) == (404, 200)
