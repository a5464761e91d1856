"""What a gateway counts of its delivery."""

from helpers.event_stream import EventStream
from helpers.eventually import eventually
from helpers.gateways import GatewayFactory, RunningGateway
from helpers.raw_http import connected_to
from helpers.storytellers import Storyteller, storyteller

NEVER = 100_000.0


async def has_no_stream(gateway: RunningGateway) -> bool:
    return gateway.parts.live.figures().streams_open == 0


async def test_streams_are_counted_while_they_last_and_since_the_start(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    claim = await teller.running()
    path = f"/v1/tasks/{claim.task}/events"
    async with gateways.start(limit_per_caller=2, backstop_s=NEVER) as gateway:
        live = gateway.parts.live
        async with (
            connected_to(gateway.url) as one,
            connected_to(gateway.url) as board,
            connected_to(gateway.url) as third,
        ):
            stream = await EventStream.open(one, path, last_event_id="1")
            await stream.event("started")
            await EventStream.open(board, "/v1/events")
            refused = await third.get(path)
            await teller.tell(claim, "heard by a hint")
            await stream.event("log")
            during = live.figures()
        await eventually(lambda: has_no_stream(gateway))
        after = live.figures()

    assert refused.status == 429
    assert (during.streams_open, during.boards_open, during.feeds_watched) == (2, 1, 1)
    assert (during.streams_begun, during.streams_resumed, during.streams_refused) == (2, 1, 1)
    assert during.listens
    assert during.hints_heard > 0
    assert during.reads > 0
    assert (after.boards_open, after.streams_begun) == (0, 2)
    assert (after.missed, after.listener_reconnects, after.backstop_looks) == (0, 0, 0)


async def test_what_only_the_backstop_found_is_counted(gateways: GatewayFactory) -> None:
    async with (
        storyteller(gateways.database, is_silent=True) as silent,
        gateways.start(backstop_s=0.05) as gateway,
        connected_to(gateway.url) as connection,
    ):
        claim = await silent.running()
        stream = await EventStream.open(connection, f"/v1/tasks/{claim.task}/events")
        await stream.event("started")
        await silent.tell(claim, "without a hint")
        await stream.event("log")

        async def is_counted() -> bool:
            return gateway.parts.live.figures().missed == 1

        await eventually(is_counted)
        figures = gateway.parts.live.figures()

    assert figures.backstop_looks > 0


async def test_where_nobody_notifies_nothing_counts_as_missed(gateways: GatewayFactory, teller: Storyteller) -> None:
    claim = await teller.running()
    async with (
        gateways.start(notifier="poll", poll_s=0.05) as gateway,
        connected_to(gateway.url) as connection,
    ):
        stream = await EventStream.open(connection, f"/v1/tasks/{claim.task}/events")
        await teller.tell(claim, "found by a look")
        await stream.event("log")
        figures = gateway.parts.live.figures()

    assert figures.listens
    assert (figures.hints_heard, figures.missed) == (0, 0)
    assert figures.backstop_looks > 0
