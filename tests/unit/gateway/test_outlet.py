"""One stream: live, slow, stuck, broken, told farewell, in any order."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

import anyio
import pytest
from starlette.types import Message

from gateway.outlet import CHUNK_BYTES, Line, Outlet
from gateway.push import Suspended

FAREWELL: Final = b"bye 200"


class Client:
    """The other end of a stream: it takes bytes while its gate is open."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.received: list[bytes] = []
        self.is_over = False
        self.is_cut = False
        self.error: Exception | None = None

    async def send(self, message: Message) -> None:
        if self.error is not None:
            raise self.error
        if not self.gate.is_set():
            await self.gate.wait()
        assert not self.is_over
        self.received.append(message["body"])
        self.is_over = not message["more_body"]

    def cut(self) -> None:
        self.is_cut = True
        self.gate.set()


class Counter(Outlet):
    """Streams what stands in `pending`, and ends after `is_over`."""

    def __init__(self, line: Line) -> None:
        super().__init__(line, leaves_at=float("inf"))
        self.pending: list[bytes] = []
        self.far: list[bytes] = []
        self.is_over = False
        self.error: Exception | None = None

    def _next_bytes(self) -> bytes | None:
        if self.error is not None:
            raise self.error
        return self.pending.pop(0) if self.pending else None

    def _is_far_behind(self) -> bool:
        return bool(self.far)

    async def _come_nearer(self) -> None:
        await self._write(self.far.pop(0))

    def _last_words(self) -> bytes | None:
        return b"end" if self.is_over else None

    def _heartbeat(self) -> bytes:
        return b"beat"

    def _goodbye(self, retry_ms: int) -> bytes:
        return f"bye {retry_ms}".encode()


class Stage:
    """A client, its outlet, and those that are slow."""

    def __init__(self, patience_s: float = 20) -> None:
        self.client = Client()
        self.slow: list[Suspended | None] = []
        line = Line(
            send=self.client.send,
            write=lambda _: False,
            hang_up=self.client.cut,
            on_slow=lambda _, rest: self.slow.append(rest),
            patience_s=patience_s,
            retry_ms=200,
        )
        self.outlet = Counter(line)

    async def live(self) -> "Stage":
        await self.outlet.catch_up()
        return self

    def push(self, *data: bytes) -> None:
        self.outlet.pending += data
        self.outlet.push()

    async def serve_slow(self) -> None:
        """What the hub does with those that are slow."""
        while self.slow:
            await self.outlet.catch_up(self.slow.pop(0))


async def test_while_it_is_live_a_push_is_sent_at_once() -> None:
    stage = await Stage().live()
    stage.push(b"one", b"two")

    assert stage.client.received == [b"one", b"two"]


async def test_before_it_has_caught_up_a_push_sends_nothing_and_loses_nothing() -> None:
    stage = Stage()
    stage.push(b"one")
    assert stage.client.received == []
    await stage.live()
    assert stage.client.received == [b"one"]


async def test_what_a_slow_client_misses_is_found_when_it_takes_bytes_again() -> None:
    stage = await Stage().live()
    stage.client.gate.clear()
    stage.push(b"one")
    stage.push(b"two")
    stage.push(b"three")
    assert len(stage.slow) == 1

    async with anyio.create_task_group() as group:
        group.start_soon(stage.serve_slow)
        await anyio.lowlevel.checkpoint()
        stage.client.gate.set()

    assert stage.client.received == [b"one", b"two", b"three"]
    stage.push(b"four")
    assert stage.client.received[-1] == b"four"


async def test_a_client_that_takes_nothing_is_cut_off() -> None:
    stage = await Stage(patience_s=0.01).live()
    stage.client.gate.clear()
    stage.push(b"one")
    await stage.serve_slow()

    assert stage.client.is_cut
    assert stage.outlet.is_closed


async def test_large_data_goes_out_in_pieces_and_nothing_comes_between() -> None:
    stage = await Stage().live()
    large = bytes(range(256)) * 1024
    stage.push(large, b"after")
    stage.outlet.ping()
    assert stage.client.received == []
    await stage.serve_slow()

    assert b"".join(stage.client.received) == large + b"after"
    assert max(map(len, stage.client.received)) == CHUNK_BYTES


async def test_one_that_is_far_behind_is_handed_over_and_comes_nearer_first() -> None:
    stage = await Stage().live()
    stage.outlet.far = [b"long ago", b"before"]
    stage.push(b"now")
    await stage.serve_slow()

    assert stage.client.received == [b"long ago", b"before", b"now"]


async def test_the_end_is_sent_once_and_nothing_after_it() -> None:
    stage = await Stage().live()
    stage.outlet.is_over = True
    stage.push(b"last")
    stage.push(b"late")
    stage.outlet.ping()
    stage.outlet.leave(retry_ms=200)

    assert stage.client.received == [b"last", b"end"]
    assert stage.client.is_over


async def test_a_slow_client_gets_its_end_too() -> None:
    stage = await Stage().live()
    stage.client.gate.clear()
    stage.push(b"one")
    stage.outlet.is_over = True
    stage.client.gate.set()
    await stage.serve_slow()

    assert stage.client.received == [b"one", b"end"]


async def test_the_farewell_of_a_live_stream_is_sent_at_once() -> None:
    stage = await Stage().live()
    stage.outlet.leave(retry_ms=200)
    stage.outlet.leave(retry_ms=200)

    assert stage.client.received == [FAREWELL]
    assert stage.client.is_over


async def test_the_farewell_of_a_slow_stream_comes_between_two_writes() -> None:
    stage = await Stage().live()
    stage.client.gate.clear()
    stage.push(b"one")
    stage.outlet.pending.append(b"two")
    stage.outlet.leave(retry_ms=200)
    stage.client.gate.set()
    await stage.serve_slow()

    assert stage.client.received == [b"one", FAREWELL]


async def test_the_farewell_of_a_stuck_stream_waits_no_longer_than_its_patience() -> None:
    stage = await Stage(patience_s=0.01).live()
    stage.client.gate.clear()
    stage.outlet.leave(retry_ms=200)
    await stage.serve_slow()

    assert stage.client.is_cut


@pytest.mark.parametrize("act", [Outlet.push, Outlet.ping, lambda outlet: outlet.leave(retry_ms=200)])
async def test_an_error_of_the_connection_ends_this_stream_and_reaches_nobody(
    act: Callable[[Outlet], None], caplog: pytest.LogCaptureFixture
) -> None:
    stage = await Stage().live()
    stage.client.error = RuntimeError("too late")
    stage.outlet.pending.append(b"one")
    act(stage.outlet)

    assert stage.client.is_cut
    assert stage.outlet.is_closed
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


@pytest.mark.parametrize("way", [Outlet.catch_up, lambda outlet: done(outlet.push())])
async def test_an_error_in_what_is_streamed_ends_this_stream_and_reaches_nobody(
    way: Callable[[Outlet], Awaitable[None]],
) -> None:
    stage = await Stage().live()
    stage.outlet.error = ValueError("poison")
    await way(stage.outlet)

    assert stage.client.is_cut


async def test_an_error_that_passes_is_no_error_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage()
    stage.outlet.error = ConnectionResetError("postgres is away")
    await stage.live()

    assert [record.levelno for record in caplog.records] == [logging.WARNING]


async def test_a_client_that_left_while_it_was_slow_is_sent_nothing_more() -> None:
    stage = await Stage().live()
    stage.client.gate.clear()
    stage.push(b"one")
    stage.outlet.pending.append(b"two")
    stage.outlet.close()
    stage.client.gate.set()
    await stage.serve_slow()

    assert stage.client.received == [b"one"]


async def test_cancelling_what_serves_a_slow_client_leaves_it_as_it_is() -> None:
    stage = await Stage().live()
    stage.client.gate.clear()
    stage.push(b"one")
    with anyio.move_on_after(0) as scope:
        await stage.serve_slow()

    assert scope.cancelled_caught
    assert not stage.client.is_cut


async def test_a_quiet_stream_is_known_by_when_it_last_sent() -> None:
    stage = await Stage().live()
    before = stage.outlet.quiet_since
    stage.outlet.ping()

    assert stage.client.received == [b"beat"]
    assert stage.outlet.quiet_since >= before


async def done(_: None) -> None:
    """For what needs no waiting."""
