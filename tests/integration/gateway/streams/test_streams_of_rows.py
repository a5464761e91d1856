"""/v1/events: the rows of all tasks that match a filter, for a whole dashboard."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.ids import uuid7
from helpers.event_stream import Block, EventStream
from helpers.eventually import eventually
from helpers.factories import a_dataset, queued_task, running_task
from helpers.gateways import GatewayFactory, RunningGateway
from helpers.raw_http import connected_to
from helpers.storytellers import Storyteller

MANY = 10_000
LONG_AGO = "2 hours"

Row = Mapping[str, Any]


async def row_where(stream: EventStream, holds: Callable[[Row], bool]) -> Row:
    """The next row of which something holds; rows may come twice, and of several changes the last is enough."""
    while True:
        row: Row = (await stream.event("task")).data
        if holds(row):
            return row


async def cursor_told(stream: EventStream) -> str:
    """The cursor after the first rows."""
    while stream.last_event_id is None:
        await stream.block()
    return stream.last_event_id


async def looked(gateway: RunningGateway) -> None:
    """Wait until a look has moved the cursor."""
    before = gateway.parts.live.boards.cursor()

    async def has_moved() -> bool:
        return gateway.parts.live.boards.cursor() != before

    await eventually(has_moved)


async def test_a_row_comes_whenever_its_task_moves(gateways: GatewayFactory, teller: Storyteller) -> None:
    async with gateways.start() as gateway, connected_to(gateway.url) as connection:
        stream = await EventStream.open(connection, "/v1/events")
        await cursor_told(stream)
        claim = await teller.running()
        await teller.tell(claim, "hello")
        running = await row_where(stream, lambda row: row["state"] == "running")
        teller.progress(claim, 0.5)
        moved = await row_where(stream, lambda row: row["progress"] is not None)
        await teller.succeed(claim)
        ended = await row_where(stream, lambda row: row["state"] == "succeeded")
        shown = await (await connection.get("/healthz")).body() if stream.answer.is_over else b""

    assert running["id"] == moved["id"] == ended["id"] == str(claim.task)
    assert running["version"] < ended["version"]
    assert "attempts" not in ended
    assert shown == b""


async def test_what_changed_while_a_client_was_away_comes_when_it_is_back(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    quiet, failing = await teller.running(), await teller.running()
    async with gateways.start(backstop_s=0.05) as gateway:
        async with connected_to(gateway.url) as connection:
            stream = await EventStream.open(connection, "/v1/events?state=running")
            cursor = await cursor_told(stream)
        await teller.fail(failing)
        new = await teller.running()
        async with connected_to(gateway.url) as connection:
            again = await EventStream.open(connection, "/v1/events?state=running", last_event_id=cursor)
            rows: dict[str, str] = {}
            while not {str(failing.task), str(new.task)} <= rows.keys():
                block = await again.event("task")
                rows[block.data["id"]] = block.data["state"]

    # Also the task that left the filter meanwhile: the client still shows it.
    assert rows[str(failing.task)] == "failed"
    assert rows[str(new.task)] == "running"
    assert rows.get(str(quiet.task), "running") == "running"


async def test_the_cursor_stands_on_the_last_row_and_goes_through_a_query(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    for _ in range(3):
        await teller.running()
    async with gateways.start() as gateway:
        async with connected_to(gateway.url) as connection:
            stream = await EventStream.open(connection, "/v1/events")
            blocks: list[Block] = []
            while not blocks or blocks[-1].id is None:
                blocks.append(await stream.event("task"))
        async with connected_to(gateway.url) as connection:
            again = await connection.get(f"/v1/events?after={blocks[-1].id}")

    assert [block.id is not None for block in blocks] == [False, False, True]
    assert again.status == 200


async def test_a_task_that_leaves_the_filter_is_told_once_and_others_are_not(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    claim = await teller.running()
    async with gateways.start() as gateway, connected_to(gateway.url) as connection:
        stream = await EventStream.open(connection, "/v1/events?state=running&kind=profile")
        await row_where(stream, lambda row: row["id"] == str(claim.task))
        other = await running_task(teller.owner, kind="convert")
        await queued_task(teller.owner)
        foreign = await running_task(teller.owner, tenant="somebody-else")
        teller.notifier.feed_moved([other.id, foreign.id])
        await teller.succeed(claim)
        last = await row_where(stream, lambda row: row["state"] != "running")
        told = {block.data["id"] for block in stream.seen if block.event == "task"}

    assert (last["id"], last["state"]) == (str(claim.task), "succeeded")
    assert told == {str(claim.task)}


@pytest.mark.parametrize(
    ("asked", "shows"),
    [
        ("tag=nightly", "old"),
        ("dataset={dataset}", "old"),
        ("text=FLIGHTS", "old"),
        ("text=weekly", "new"),
        ("created_before={between}", "old"),
        ("created_after={between}", "new"),
    ],
)
async def test_a_board_takes_each_filter_that_lists_take(
    gateways: GatewayFactory, teller: Storyteller, asked: str, shows: str
) -> None:
    between = datetime.now(UTC) - timedelta(hours=1)
    long_ago = uuid7(unix_ms=int((between - timedelta(hours=1)).timestamp() * 1000))
    dataset = await a_dataset(teller.owner, name="Nightly Flights.csv")
    tables = {"data": await a_dataset(teller.owner, name="tables.csv", content=b"c")}
    tasks = {
        "old": await running_task(teller.owner, id=long_ago, tags=["nightly"], inputs={"data": dataset}),
        "new": await running_task(teller.owner, tags=["weekly"], inputs=tables),
    }
    query = asked.format(dataset=dataset, between=between.isoformat().replace("+00:00", "Z"))
    async with (
        gateways.start() as gateway,
        connected_to(gateway.url) as connection,
        connected_to(gateway.url) as other,
    ):
        stream = await EventStream.open(connection, f"/v1/events?{query}")
        row = await row_where(stream, lambda _: True)
        await cursor_told(stream)
        listed = await (await other.get(f"/v1/tasks?{query}")).json()
        told = {block.data["id"] for block in stream.seen if block.event == "task"}

    assert row["id"] == str(tasks[shows].id)
    assert told == {task["id"] for task in listed["tasks"]} == {str(tasks[shows].id)}


async def test_a_lost_hint_costs_a_look(gateways: GatewayFactory, teller: Storyteller) -> None:
    async with gateways.start(backstop_s=0.05) as gateway, connected_to(gateway.url) as connection:
        stream = await EventStream.open(connection, "/v1/events")
        await cursor_told(stream)
        task = (await running_task(teller.owner)).id

        assert (await row_where(stream, lambda row: row["id"] == str(task)))["state"] == "running"


async def test_a_row_that_is_no_news_is_not_told_again(gateways: GatewayFactory, teller: Storyteller) -> None:
    first = await teller.running()
    async with gateways.start(backstop_s=0.05) as gateway, connected_to(gateway.url) as connection:
        stream = await EventStream.open(connection, "/v1/events")
        await row_where(stream, lambda row: row["id"] == str(first.task))
        for _ in range(3):
            await looked(gateway)
        second = await teller.running()
        await row_where(stream, lambda row: row["id"] == str(second.task))
        told = [block.data["id"] for block in stream.seen if block.event == "task"]

    # Once when the stream began, and perhaps once more by the first look.
    assert told.count(str(first.task)) <= 2


@pytest.mark.parametrize("cursor", ["2999-01-01T00:00:00.000Z", "2001-01-01T00:00:00.000Z"])
async def test_a_cursor_that_is_none_of_ours_or_too_old_makes_the_client_list_again(
    gateways: GatewayFactory, teller: Storyteller, cursor: str
) -> None:
    async with gateways.start() as gateway, connected_to(gateway.url) as connection:
        stream = await EventStream.open(connection, "/v1/events", last_event_id=cursor)
        reset = await stream.event()

    assert reset.event == "reset"
    assert reset.id is not None


@pytest.mark.parametrize("cursor", ["7", "yesterday", "2026-11-22T10:00:00", "x" * 5000])
async def test_what_is_no_cursor_is_refused(gateways: GatewayFactory, teller: Storyteller, cursor: str) -> None:
    async with gateways.start() as gateway, connected_to(gateway.url) as connection:
        answer = await connection.get("/v1/events", last_event_id=cursor)

    assert answer.status == 422


async def test_only_an_event_stream_is_to_be_had(gateways: GatewayFactory, teller: Storyteller) -> None:
    async with gateways.start() as gateway, connected_to(gateway.url) as connection:
        refused = await connection.get("/v1/events", accept="application/x-ndjson")
        await refused.body()
        await connection.request("/v1/events", method="HEAD")
        head = await connection.answer(method="HEAD")
        next_one = await connection.get("/healthz")

    assert (refused.status, head.status, next_one.status) == (406, 200, 200)


async def test_ten_thousand_tasks_that_change_take_no_query_a_task(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    async with gateways.start() as gateway, connected_to(gateway.url) as connection:
        stream = await EventStream.open(connection, "/v1/events")
        await cursor_told(stream)
        ids = [uuid7() for _ in range(MANY)]
        await teller.owner.executemany(
            "INSERT INTO task (id, tenant, kind, timeout_s, memory_mb, max_attempts)"
            " VALUES ($1, 'default', 'profile', 1, 64, 1)",
            [(task,) for task in ids],
        )
        before = await _statements(teller)
        teller.notifier.feed_moved(ids)
        missing = {str(task) for task in ids}
        while missing:
            missing.discard((await stream.event("task")).data["id"])
        took = await _statements(teller) - before

    assert took < MANY / 50


async def _statements(teller: Storyteller) -> int:
    """Transactions that this database has seen; each statement of ours is one."""
    await teller.owner.execute("SELECT pg_stat_force_next_flush()")
    await teller.owner.execute("SELECT pg_stat_clear_snapshot()")
    count: int = await teller.owner.fetchval(
        "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
    )
    return count


async def test_a_board_says_farewell_and_rotates(gateways: GatewayFactory, teller: Storyteller) -> None:
    async with gateways.start(rotate_s=0.1, heartbeat_s=0.1) as gateway, connected_to(gateway.url) as connection:
        stream = await EventStream.open(connection, "/v1/events")
        assert await stream.events() == []
        last = stream.seen[-1]

    assert last.retry is not None
    assert stream.last_event_id is not None
