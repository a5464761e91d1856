"""What becomes of the hints when the connection that hears them is killed, deaf or cut off from Postgres."""

import socket

import asyncpg
import pytest
from pydantic import SecretStr

from common.listener import KEEP_ALIVE, Listener, keep_alive
from common.words import Channel
from helpers.event_stream import EventStream
from helpers.eventually import eventually
from helpers.gateways import GatewayFactory, RunningGateway
from helpers.postgres_proxy import postgres_proxy
from helpers.raw_http import connected_to
from helpers.storytellers import Storyteller, storyteller
from processor.claim import Claim

NEVER = 100_000.0

LISTENERS = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'sundog-%-listener'"


def path_of(claim: Claim) -> str:
    return f"/v1/tasks/{claim.task}/events"


def listener_of(gateway: RunningGateway) -> Listener:
    listener = gateway.parts.live.listener
    assert listener is not None
    return listener


async def has_reconnected(listener: Listener) -> bool:
    return listener.reconnects > 0 and listener.connected


async def test_a_listener_whose_backend_is_killed_comes_back_and_catches_up(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    claim = await teller.running()
    async with gateways.start(backstop_s=NEVER) as gateway, connected_to(gateway.url) as connection:
        stream = await EventStream.open(connection, path_of(claim))
        await stream.event("started")
        killed = await teller.owner.fetchval("SELECT pg_terminate_backend(pid) FROM (" + LISTENERS + ") AS listener")
        await teller.tell(claim, "while it was away")
        first = await stream.event()
        await eventually(lambda: has_reconnected(listener_of(gateway)))
        await teller.tell(claim, "when it was back")
        second = await stream.event()

    assert killed
    assert [first.data["message"], second.data["message"]] == ["while it was away", "when it was back"]
    assert gateway.parts.live.hub.missed == 0


async def test_a_listener_that_is_killed_again_and_again_comes_back_each_time(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    claim = await teller.running()
    async with gateways.start(backstop_s=NEVER) as gateway, connected_to(gateway.url) as connection:
        stream = await EventStream.open(connection, path_of(claim))
        await stream.event("started")
        for number in range(5):
            pid = await eventually(lambda: teller.owner.fetchval(LISTENERS))
            await teller.owner.execute("SELECT pg_terminate_backend($1)", pid)
            await teller.tell(claim, f"line {number}")
            assert (await stream.event("log")).data["message"] == f"line {number}"


async def test_a_listener_that_went_deaf_is_found_by_its_probe(
    gateways: GatewayFactory, teller: Storyteller, caplog: pytest.LogCaptureFixture
) -> None:
    claim = await teller.running()
    async with postgres_proxy(upstream=gateways.database.server.port) as proxy:
        listener_dsn = proxy.dsn(gateways.database.gateway_dsn)
        async with (
            gateways.start(backstop_s=NEVER, listener_dsn=listener_dsn, probe_s=0.2) as gateway,
            connected_to(gateway.url) as connection,
        ):
            stream = await EventStream.open(connection, path_of(claim))
            await stream.event("started")
            proxy.freeze()
            await teller.tell(claim, "while it was deaf")
            event = await stream.event()
            assert await eventually(lambda: has_reconnected(listener_of(gateway)))

    assert event.data["message"] == "while it was deaf"
    assert "lost the listening connection" in caplog.text


async def test_where_the_listener_cannot_come_back_the_backstop_delivers(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    claim = await teller.running()
    async with postgres_proxy(upstream=gateways.database.server.port) as proxy:
        listener_dsn = proxy.dsn(gateways.database.gateway_dsn)
        async with (
            gateways.start(backstop_s=0.1, listener_dsn=listener_dsn, probe_s=0.1) as gateway,
            connected_to(gateway.url) as connection,
        ):
            stream = await EventStream.open(connection, path_of(claim))
            await stream.event("started")
            proxy.freeze(also_new=True)
            for number in range(3):
                await teller.tell(claim, f"line {number}")
                assert (await stream.event("log")).data["message"] == f"line {number}"


async def test_a_hint_that_was_never_sent_is_found_by_the_backstop_and_counted(gateways: GatewayFactory) -> None:
    async with (
        storyteller(gateways.database, is_silent=True) as silent,
        gateways.start(backstop_s=0.1) as gateway,
        connected_to(gateway.url) as connection,
    ):
        claim = await silent.running()
        stream = await EventStream.open(connection, path_of(claim))
        await stream.event("started")
        await silent.tell(claim, "unannounced")
        event = await stream.event()

        async def is_counted() -> bool:
            return gateway.parts.live.hub.missed > 0

        await eventually(is_counted)

    assert event.data["message"] == "unannounced"


async def test_while_hints_come_nothing_is_missed(gateways: GatewayFactory, teller: Storyteller) -> None:
    claim = await teller.running()
    async with gateways.start(backstop_s=0.5) as gateway, connected_to(gateway.url) as connection:
        stream = await EventStream.open(connection, path_of(claim))
        for number in range(60):
            await teller.tell(claim, f"line {number}")
            teller.progress(claim, number / 60)
            await stream.event("log")
        reads = gateway.parts.live.hub.reader.reads

        async def has_looked() -> bool:
            return gateway.parts.live.hub.reader.reads > reads + 1

        await eventually(has_looked)
        assert gateway.parts.live.hub.missed == 0


async def test_hints_that_name_nothing_do_no_harm(gateways: GatewayFactory, teller: Storyteller) -> None:
    claim = await teller.running()
    async with gateways.start(backstop_s=NEVER) as gateway, connected_to(gateway.url) as connection:
        stream = await EventStream.open(connection, path_of(claim))
        await stream.event("started")
        for payload in ("", "nonsense", "," * 100, "x" * 7000, f"{claim.task},nonsense"):
            await teller.owner.execute("SELECT pg_notify($1, $2)", Channel.FEED.value, payload)
        await teller.tell(claim, "all the same")

        assert (await stream.event()).data["message"] == "all the same"


async def test_the_kernel_keeps_the_connection_alive(gateways: GatewayFactory) -> None:
    async with postgres_proxy(upstream=gateways.database.server.port) as proxy:
        connection = await asyncpg.connect(proxy.dsn(gateways.database.gateway_dsn))
        keep_alive(connection)
        endpoint = connection._transport.get_extra_info("socket")
        found = {option: endpoint.getsockopt(socket.IPPROTO_TCP, option) for option in KEEP_ALIVE}
        is_on = endpoint.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        await connection.close()

    assert is_on == 1
    assert found == KEEP_ALIVE


async def test_where_nobody_notifies_streams_are_polled(gateways: GatewayFactory) -> None:
    async with (
        storyteller(gateways.database, is_silent=True) as silent,
        gateways.start(notifier="poll", poll_s=0.05, backstop_s=NEVER) as gateway,
        connected_to(gateway.url) as connection,
        connected_to(gateway.url) as other,
    ):
        claim = await silent.running()
        stream = await EventStream.open(connection, path_of(claim))
        board = await EventStream.open(other, "/v1/events")
        await stream.event("started")
        for number in range(3):
            await silent.tell(claim, f"line {number}")
            assert (await stream.event("log")).data["message"] == f"line {number}"
        await silent.succeed(claim)
        while (row := await board.event("task")).data["state"] != "succeeded":
            pass
        listeners = await silent.owner.fetch(LISTENERS)
        sent = gateway.parts.notifier
        sent.feed_moved([claim.task])

        assert await sent.flush() == 0

    assert row.data["id"] == str(claim.task)
    assert listeners == []
    assert gateway.parts.live.listener is None
    assert gateway.parts.live.hub.missed == 0


async def test_a_listener_behind_what_drops_listen_says_what_to_do(
    gateways: GatewayFactory, caplog: pytest.LogCaptureFixture
) -> None:
    def connected() -> None:
        # As behind a transaction pooler: LISTEN was answered, but what is sent is never heard.
        listener._probe_channel = "another_channel"

    dsn = SecretStr(gateways.database.gateway_dsn)
    listener = Listener(dsn=dsn, service="test", channels={}, on_connect=connected, probe_s=0.05)
    async with listener:
        await eventually(lambda: _is_said("SUNDOG_DATABASE_NOTIFIER=poll", caplog))


async def _is_said(what: str, caplog: pytest.LogCaptureFixture) -> bool:
    return what in caplog.text


async def test_a_listener_that_cannot_come_back_tries_again_and_again_until_it_can(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    claim = await teller.running()
    async with postgres_proxy(upstream=gateways.database.server.port) as proxy:
        listener_dsn = proxy.dsn(gateways.database.gateway_dsn)
        async with (
            gateways.start(backstop_s=NEVER, listener_dsn=listener_dsn) as gateway,
            connected_to(gateway.url) as connection,
        ):
            stream = await EventStream.open(connection, path_of(claim))
            await stream.event("started")
            upstream, proxy.upstream, before = proxy.upstream, 1, proxy.accepted
            proxy.reset()
            await eventually(lambda: _has_failed(listener_of(gateway), 4))
            tries = proxy.accepted - before
            await teller.tell(claim, "while it could not")
            proxy.upstream = upstream
            event = await stream.event()

    assert event.data["message"] == "while it could not"
    assert tries <= 5


async def _has_failed(listener: Listener, times: int) -> bool:
    return listener._failures >= times
