"""Answers about a task that take their time: its story from the call that records it, its end, its next change."""

from typing import Any
from uuid import UUID

import pytest

from helpers.event_stream import EventStream
from helpers.eventually import eventually
from helpers.gateways import GatewayFactory, RunningGateway
from helpers.raw_http import Answer, Connection, connected_to
from helpers.storytellers import Storyteller

FORMS = ["text/event-stream", "application/x-ndjson", "text/plain"]


def asked(dataset: UUID) -> dict[str, Any]:
    return {"kind": "profile", "inputs": {"data": str(dataset)}}


async def post(connection: Connection, dataset: UUID, **headers: str) -> Answer:
    await connection.request("/v1/tasks", method="POST", headers=headers, body=asked(dataset))
    return await connection.answer()


def task_of(answer: Answer) -> UUID:
    return UUID(answer.headers["location"].rpartition("/")[2])


async def no_streams(gateway: RunningGateway) -> None:
    """Wait until every place has been given back."""

    async def none() -> bool:
        return len(gateway.parts.live.streams) == 0

    await eventually(none)


@pytest.mark.parametrize("form", FORMS)
async def test_the_call_that_records_a_task_may_stream_its_story(
    gateways: GatewayFactory, teller: Storyteller, form: str
) -> None:
    dataset = await teller.offer()
    async with gateways.start() as gateway, connected_to(gateway.url) as connection:
        answer = await post(connection, dataset, accept=form)
        claim = await teller.claim(task_of(answer))
        await teller.succeed(claim)
        body = (await answer.body()).decode()
        same = await connection.get(answer.headers["location"])

    assert (answer.status, answer.headers["content-type"]) == (200, f"{form}; charset=utf-8")
    assert [word for word in ("queued", "started", "succeeded") if word in body] == ["queued", "started", "succeeded"]
    assert same.status == 200


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json, text/plain, */*", "text/html, */*"])
async def test_who_does_not_ask_for_the_story_gets_the_task(
    gateways: GatewayFactory, teller: Storyteller, accept: str
) -> None:
    dataset = await teller.offer()
    async with gateways.start() as gateway, connected_to(gateway.url) as connection:
        answer = await post(connection, dataset, accept=accept)
        task = await answer.json()

    assert (answer.status, task["state"]) == (202, "queued")


async def test_no_task_is_recorded_where_there_is_no_place_for_its_stream(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    dataset = await teller.offer()
    claim = await teller.running()
    async with gateways.start(limit=1) as gateway, connected_to(gateway.url) as first:
        await EventStream.open(first, f"/v1/tasks/{claim.task}/events")
        async with connected_to(gateway.url) as second:
            refused = await post(second, dataset, accept="text/event-stream")
            problem = await refused.json()

    assert (refused.status, problem["code"]) == (503, "streams_full")
    assert "retry-after" in refused.headers
    assert await teller.owner.fetchval("SELECT count(*) FROM task") == 1


async def test_the_end_is_waited_for_if_it_comes_in_time(gateways: GatewayFactory, teller: Storyteller) -> None:
    dataset = await teller.offer()
    async with gateways.start() as gateway, connected_to(gateway.url) as connection:
        await connection.request("/v1/tasks", method="POST", headers={"prefer": "wait=20"}, body=asked(dataset))
        task = await eventually(lambda: teller.owner.fetchval("SELECT id FROM task"))
        claim = await teller.claim(task)
        await teller.tell(claim, "on the way")
        teller.progress(claim, 0.5)
        await teller.succeed(claim)
        answer = await connection.answer()
        ended = await answer.json()
        result = await (await connection.get(ended["urls"]["result"])).json()
        await no_streams(gateway)

    assert (answer.status, ended["state"], ended["result"]) == (200, "succeeded", result)
    assert answer.headers["preference-applied"] == "wait"
    assert task_of(answer) == task


async def test_who_waited_in_vain_gets_the_task_as_it_was_recorded(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    dataset = await teller.offer()
    async with gateways.start(wait_s=0.05) as gateway, connected_to(gateway.url) as connection:
        answer = await post(connection, dataset, prefer="respond-async, wait=3000")
        task = await answer.json()
        await no_streams(gateway)

    assert (answer.status, task["state"]) == (202, "queued")
    assert answer.headers["preference-applied"] == "wait"


async def test_where_there_is_no_place_to_wait_the_answer_comes_at_once(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    dataset = await teller.offer()
    claim = await teller.running()
    async with gateways.start(limit=1) as gateway, connected_to(gateway.url) as first:
        await EventStream.open(first, f"/v1/tasks/{claim.task}/events")
        async with connected_to(gateway.url) as second:
            answer = await post(second, dataset, prefer="wait=3000")

    assert answer.status == 202
    assert "preference-applied" not in answer.headers


async def change_of(teller: Storyteller, what: str) -> tuple[str, Any]:
    """A task's path, and what changes it."""
    claim = await teller.running()

    async def change() -> None:
        match what:
            case "event":
                await teller.tell(claim, "something new")
            case "progress":
                teller.progress(claim, 0.5)
            case "end":
                await teller.succeed(claim)
            case "wish to cancel":
                await teller.owner.execute(
                    "UPDATE task SET cancel_requested_at = now(), version = version + 1 WHERE id = $1", claim.task
                )
                teller.notifier.feed_moved([claim.task])

    return f"/v1/tasks/{claim.task}", change


@pytest.mark.parametrize("what", ["event", "progress", "end", "wish to cancel"])
async def test_a_change_is_waited_for(gateways: GatewayFactory, teller: Storyteller, what: str) -> None:
    path, change = await change_of(teller, what)
    async with gateways.start() as gateway, connected_to(gateway.url) as connection:
        first = await connection.get(path)
        before = await first.json()
        headers = {"if-none-match": first.headers["etag"], "prefer": "wait=20"}
        await connection.request(path, headers=headers)
        await eventually(lambda: _is_waiting(gateway))
        await change()
        answer = await connection.answer()
        after = await answer.json()
        await no_streams(gateway)

    assert answer.status == 200
    assert answer.headers["preference-applied"] == "wait"
    assert answer.headers["etag"] != first.headers["etag"]
    assert after != before


async def _is_waiting(gateway: RunningGateway) -> bool:
    return len(gateway.parts.live.streams) > 0


async def test_a_change_that_does_not_come_is_not_waited_for_for_ever(
    gateways: GatewayFactory, teller: Storyteller
) -> None:
    path, _ = await change_of(teller, "event")
    async with gateways.start(wait_s=0.05) as gateway, connected_to(gateway.url) as connection:
        first = await connection.get(path)
        await first.body()
        answer = await connection.get(path, if_none_match=first.headers["etag"], prefer="wait=20")
        await no_streams(gateway)

    assert answer.status == 304
    assert answer.headers["preference-applied"] == "wait"
    assert answer.headers["etag"] == first.headers["etag"]


async def test_a_change_that_came_before_is_not_waited_for(gateways: GatewayFactory, teller: Storyteller) -> None:
    path, _ = await change_of(teller, "event")
    async with gateways.start() as gateway, connected_to(gateway.url) as connection:
        stale = await connection.get(path, if_none_match='"0-0"', prefer="wait=20")
        await stale.body()
        plain = await connection.get(path, prefer="wait=20")

    assert (stale.status, plain.status) == (200, 200)
    assert "preference-applied" not in stale.headers


async def test_who_leaves_while_waiting_gives_the_place_back(gateways: GatewayFactory, teller: Storyteller) -> None:
    path, _ = await change_of(teller, "event")
    async with gateways.start() as gateway:
        connection = await Connection.open(gateway.url)
        first = await connection.get(path)
        await first.body()
        await connection.request(path, headers={"if-none-match": first.headers["etag"], "prefer": "wait=60"})
        await eventually(lambda: _is_waiting(gateway))
        connection.reset()
        await no_streams(gateway)


async def test_a_gateway_that_stops_lets_nobody_wait(gateways: GatewayFactory, teller: Storyteller) -> None:
    path, _ = await change_of(teller, "event")
    async with gateways.start() as gateway, connected_to(gateway.url) as connection:
        first = await connection.get(path)
        await first.body()
        await connection.request(path, headers={"if-none-match": first.headers["etag"], "prefer": "wait=60"})
        await eventually(lambda: _is_waiting(gateway))
        await gateway.stop()
        answer = await connection.answer()

    assert answer.status == 304
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("prefer", ["wait=-1", "wait=soon", "wait", "handling=strict", "wait=1e3", 'wait="'])
async def test_a_wish_that_cannot_be_read_is_no_wish(
    gateways: GatewayFactory, teller: Storyteller, prefer: str
) -> None:
    path, _ = await change_of(teller, "event")
    async with gateways.start() as gateway, connected_to(gateway.url) as connection:
        first = await connection.get(path)
        await first.body()
        answer = await connection.get(path, if_none_match=first.headers["etag"], prefer=prefer)

    assert answer.status == 304
    assert "preference-applied" not in answer.headers
