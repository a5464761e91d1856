"""How long a stream lasts, and what it outlives."""

import logging

import pytest

from helpers.event_stream import EventStream
from helpers.eventually import eventually
from helpers.gateways import GatewayFactory
from helpers.raw_http import connected_to
from helpers.storytellers import Storyteller
from processor.claim import Claim

NEVER = 100_000.0
BEATS = 8


def path_of(claim: Claim) -> str:
    return f"/v1/tasks/{claim.task}/events"


async def test_who_asks_for_an_event_stream_by_name_is_sent_away_after_a_while_and_goes_on(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    claim = await teller.running()
    async with (
        gateways.start(rotate_s=0.1, heartbeat_s=0.1) as gateway,
        connected_to(gateway.url) as connection,
    ):
        first = await EventStream.open(connection, path_of(claim))
        told = await first.events()
        await teller.succeed(claim)
        again = await EventStream.open(connection, path_of(claim), last_event_id=str(first.last_event_id))
        rest = await again.events()

    assert [event.event for event in told] == ["queued", "started"]
    assert first.seen[-1].retry is not None
    assert [event.event for event in rest] == ["succeeded", "end"]


@pytest.mark.parametrize("accept", ["*/*", "application/x-ndjson", "text/plain"])
async def test_who_does_not_come_back_by_itself_is_not_sent_away(
    gateways: GatewayFactory, teller: Storyteller, accept: str
) -> None:
    claim = await teller.running()
    async with (
        gateways.start(rotate_s=0.05, heartbeat_s=0.1) as gateway,
        connected_to(gateway.url) as connection,
    ):
        answer = await connection.get(path_of(claim), accept=accept)
        for _ in range(BEATS):
            assert await answer.read()
        await teller.succeed(claim)
        body = await answer.body()

    assert b"succeeded" in body


async def test_an_error_that_nobody_expected_is_logged_and_delivery_goes_on(
    gateways: GatewayFactory, teller: Storyteller, caplog: pytest.LogCaptureFixture
) -> None:
    claim = await teller.running()
    async with gateways.start(backstop_s=NEVER) as gateway, connected_to(gateway.url) as connection:
        stream = await EventStream.open(connection, path_of(claim))
        await stream.event("started")
        await teller.owner.execute("ALTER TABLE progress RENAME TO progress_elsewhere")
        await teller.tell(claim, "while a table was missing")

        async def is_logged() -> bool:
            return any(record.levelno == logging.ERROR for record in caplog.records)

        await eventually(is_logged)
        await teller.owner.execute("ALTER TABLE progress_elsewhere RENAME TO progress")
        event = await stream.event("log")

    assert event.data["message"] == "while a table was missing"
    assert "cannot read feeds, will try again" in caplog.text


async def test_a_task_that_cannot_be_shown_keeps_no_other_from_the_boards(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    odd, even = await teller.running(), await teller.running()
    await teller.owner.execute("INSERT INTO progress (task, lease, data) VALUES ($1, 1, '[1]')", odd.task)
    async with gateways.start(backstop_s=NEVER) as gateway, connected_to(gateway.url) as connection:
        stream = await EventStream.open(connection, "/v1/events")
        first = await stream.event("task")
        teller.notifier.feed_moved([odd.task])
        await teller.tell(even, "more")
        second = await stream.event("task")

    assert first.data["id"] == second.data["id"] == str(even.task)
