"""Streams while Postgres restarts, hangs or is away."""

from pathlib import Path

import pytest

from helpers.database import SETTINGS, Database, DatabaseServer
from helpers.event_stream import EventStream
from helpers.eventually import eventually
from helpers.gateways import GatewayFactory
from helpers.postgres_proxy import postgres_proxy
from helpers.raw_http import connected_to
from helpers.storytellers import Storyteller, storyteller
from processor.claim import Claim
from sundog.postgres import EmbeddedPostgres
from sundog.postgres_binaries import PostgresBinaries

NEVER = 100_000.0


def path_of(claim: Claim) -> str:
    return f"/v1/tasks/{claim.task}/events"


async def watched_through_a_restart(server: EmbeddedPostgres, database: Database, folder: Path) -> list[str]:
    """What a watcher hears whose database restarts in the middle."""
    gateways = GatewayFactory(database=database, folder=folder)
    async with (
        storyteller(database) as teller,
        gateways.start(backstop_s=NEVER, open_s=0.2) as gateway,
        connected_to(gateway.url) as connection,
        connected_to(gateway.url) as other,
        connected_to(gateway.url) as late,
    ):
        claim = await teller.running()
        stream = await EventStream.open(connection, path_of(claim))
        board = await EventStream.open(other, "/v1/events")
        await stream.event("started")
        server.kill()
        await server.wait()
        refused = await late.get(f"/v1/tasks/{str(claim.task)[:-4]}0000/events")
        assert (refused.status, (await refused.json())["code"]) == (503, "database_unavailable")
        assert int(refused.headers["retry-after"]) > 0
        alive = await late.get("/healthz")
        assert (alive.status, await alive.json()) == (200, {"status": "alive"})
        await server.restart()
        await teller.tell(claim, "after the restart")
        await teller.succeed(claim)
        heard = [str(event.event) for event in await stream.events()]
        while (await board.event("task")).data["state"] != "succeeded":
            pass
        return heard


async def test_streams_outlive_a_restart_of_postgres(postgres: PostgresBinaries, tmp_path: Path) -> None:
    settings = SETTINGS | {"synchronous_commit": "on"}  # what is committed survives the end of the server
    embedded = EmbeddedPostgres(tmp_path / "postgres", binaries=postgres, settings=settings)
    async with embedded as server:
        prepared = await DatabaseServer(server).prepare()
        async with prepared.database() as database:
            heard = await watched_through_a_restart(server, database, tmp_path)

    assert heard == ["log", "succeeded", "end"]


@pytest.mark.parametrize("path", ["/events", "/events?follow=0"])
async def test_a_feed_that_cannot_be_read_in_time_is_refused_and_read_later(
    gateways: GatewayFactory, teller: Storyteller, path: str
) -> None:
    claim = await teller.running()
    async with (
        postgres_proxy(upstream=gateways.database.server.port) as proxy,
        gateways.start(dsn=proxy.dsn(gateways.database.gateway_dsn), open_s=0.2) as gateway,
        connected_to(gateway.url) as connection,
    ):
        held = proxy.hold_answer("FROM unnest($1::uuid[], $2::bigint[])")
        refused = await connection.get(f"/v1/tasks/{claim.task}{path}")
        problem = await refused.json()
        held.released.set()
        answer = await connection.get(f"/v1/tasks/{claim.task}{path}")

        assert (refused.status, problem["code"]) == (503, "database_unavailable")
        assert refused.headers["retry-after"]
        assert answer.status == 200


async def test_a_board_that_cannot_be_filled_is_refused(gateways: GatewayFactory, teller: Storyteller) -> None:
    async with (
        postgres_proxy(upstream=gateways.database.server.port) as proxy,
        gateways.start(dsn=proxy.dsn(gateways.database.gateway_dsn)) as gateway,
        connected_to(gateway.url) as connection,
    ):
        proxy.lose_answer("clock_timestamp")
        refused = await connection.get("/v1/events")
        await refused.body()
        again = await connection.get("/v1/events")

    assert (refused.status, again.status) == (503, 200)


async def test_history_that_cannot_be_read_breaks_this_stream_alone(
    gateways: GatewayFactory, teller: Storyteller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.feed_reader.EVENTS_A_FEED", 5)
    claim = await teller.running()
    await teller.tell(claim, *(f"line {number}" for number in range(50)))
    async with (
        postgres_proxy(upstream=gateways.database.server.port) as proxy,
        gateways.start(dsn=proxy.dsn(gateways.database.gateway_dsn)) as gateway,
        connected_to(gateway.url) as connection,
        connected_to(gateway.url) as other,
    ):
        live = await EventStream.open(other, path_of(claim), last_event_id="52")
        proxy.lose_answer("WHERE task = $1 AND seq > $2")
        broken = await connection.get(f"{path_of(claim)}?after=0", accept="application/x-ndjson")
        with pytest.raises(Exception, match="after"):
            await broken.body()
        await teller.tell(claim, "and on")
        event = await live.event("log")

        async def is_gone() -> bool:
            return len(gateway.parts.live.streams) == 1

        await eventually(is_gone)

    assert event.data["message"] == "and on"


async def test_connections_that_hang_are_given_up_and_delivery_goes_on(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    claim = await teller.running()
    async with (
        postgres_proxy(upstream=gateways.database.server.port) as proxy,
        gateways.start(dsn=proxy.dsn(gateways.database.gateway_dsn), open_s=0.3) as gateway,
        connected_to(gateway.url) as connection,
    ):
        stream = await EventStream.open(connection, path_of(claim))
        await stream.event("started")
        proxy.freeze()
        await teller.tell(claim, "while it hung")
        event = await stream.event("log")

    assert event.data["message"] == "while it hung"
