"""Large bodies that come together go on one after the other."""

import anyio
import pytest
from starlette.requests import Request
from starlette.types import Message

from gateway.errors import BodyInvalidError
from gateway.json_bodies import LARGE_BYTES, JsonBodies

LARGE = b'["' + b"x" * LARGE_BYTES + b'"]'


def posted(body: bytes) -> Request:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"content-type", b"application/json")]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": headers}, receive)


async def rounds(bodies: JsonBodies, *, of: bytes, number: int) -> list[int]:
    """The rounds of the event loop in which so many bodies that came together went on."""
    now = 0
    went_on: list[int] = []

    async def count() -> None:
        nonlocal now
        while True:
            await anyio.lowlevel.checkpoint()
            now += 1

    async def read() -> None:
        await bodies.read(posted(of))
        went_on.append(now)

    async with anyio.create_task_group() as group:
        group.start_soon(count)
        async with anyio.create_task_group() as readers:
            for _ in range(number):
                readers.start_soon(read)
        group.cancel_scope.cancel()
    return went_on


async def test_of_many_large_bodies_one_a_round_goes_on() -> None:
    assert len(set(await rounds(JsonBodies(limit=1 << 20), of=LARGE, number=10))) == 10


async def test_small_ones_do_not_wait_for_each_other() -> None:
    assert len(set(await rounds(JsonBodies(limit=1 << 20), of=b"[]", number=10))) == 1


async def test_one_that_is_no_json_lets_the_next_go_on() -> None:
    bodies = JsonBodies(limit=1 << 20)
    with pytest.raises(BodyInvalidError):
        await bodies.read(posted(LARGE[:-1]))

    assert await bodies.read(posted(LARGE)) == ["x" * LARGE_BYTES]
