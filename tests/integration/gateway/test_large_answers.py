"""Results of megabytes: whole, in bounded memory, and not for those who do not take them."""

from functools import partial

import anyio
import asyncpg
import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from gateway.large_answer import AnswerRoom, LargeAnswer
from gateway.limit_errors import AnswersFullError
from gateway.results import SMALL_BYTES
from gateway.server import build_server, listening_socket
from gateway.settings import GatewaySettings
from helpers.eventually import eventually
from helpers.factories import finished_task
from helpers.raw_http import CutError, connected_to

BYTES = 16 << 20


@pytest.mark.parametrize("letter", ["x", "é", "日"])
async def test_a_large_result_comes_whole(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, letter: str
) -> None:
    envelope = {"data": letter * SMALL_BYTES}
    url = f"/v1/tasks/{await finished_task(connection, envelope=envelope)}/result"

    whole, head = await client.get(url), await client.head(url)
    known = await client.get(url, headers={"if-none-match": whole.headers["etag"]})

    assert whole.json() == envelope
    assert int(head.headers["content-length"]) == int(whole.headers["content-length"]) == len(whole.content)
    assert (head.content, known.status_code) == (b"", 304)


async def test_answers_share_the_room_and_wait_for_it() -> None:
    room = AnswerRoom(10)
    async with anyio.create_task_group() as group, room.held(7):
        began = anyio.Event()

        async def second() -> None:
            async with room.held(70):  # more than there is: all of it
                began.set()

        group.start_soon(second)
        async with room.held(3):
            await anyio.wait_all_tasks_blocked()
            assert not began.is_set()
    assert began.is_set()


async def test_who_waits_for_room_too_long_is_told_to_come_again() -> None:
    room = AnswerRoom(10, wait_s=0)
    async with room.held(7):
        with pytest.raises(AnswersFullError):
            async with room.held(7):
                pass
        async with room.held(3):
            pass


async def test_who_takes_nothing_is_cut_off_and_gives_the_room_back() -> None:
    room = AnswerRoom(BYTES, wait_s=0)

    async def read() -> bytes:
        return bytes(BYTES)

    async def large(_request: object, *, patience_s: float) -> LargeAnswer:
        return LargeAnswer(
            BYTES, read, room=room, headers={}, media_type="text/plain", patience_s=patience_s, slowest_bytes_per_s=1e12
        )

    async def is_free() -> bool:
        try:
            async with room.held(BYTES):
                return True
        except AnswersFullError:
            return False

    async def is_taken() -> bool:
        return not await is_free()

    routes = [Route("/soon", partial(large, patience_s=0.05)), Route("/late", partial(large, patience_s=60))]
    settings = GatewaySettings(port=0)
    server = build_server(Starlette(routes=routes), settings=settings)
    with listening_socket(settings) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: server.serve(sockets=[listening]))
            async with httpx2.AsyncClient(base_url=url) as client:
                async with connected_to(url, receive_buffer=4096) as slow:
                    await slow.request("/soon")
                    await eventually(is_taken)
                    await eventually(is_free)
                    answer = await slow.answer()
                    with pytest.raises(CutError):
                        await answer.body()
                assert len((await client.get("/late")).content) == BYTES
            server.should_exit = True
