"""The supervisor's end of a child's pipe, with the other end in the test's hands."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator

import pytest

from processor import protocol
from processor.child_pipe import MESSAGES_AT_ONCE, READ_AHEAD_BYTES, ChildPipe, PipeClosedError

MOST_QUEUED = 4 * READ_AHEAD_BYTES  # read ahead, and what the kernel holds of both directions


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for end in (ours, theirs):
            end.settimeout(0)
        yield ours, theirs


@pytest.fixture
def child(ends: tuple[socket.socket, socket.socket]) -> socket.socket:
    return ends[1]


@pytest.fixture
async def pipe(ends: tuple[socket.socket, socket.socket]) -> AsyncIterator[ChildPipe]:
    pipe = await ChildPipe(ends[0]).open()
    yield pipe
    pipe.close()


JOB = 7


def framed(body: bytes, *, job: int = JOB) -> bytes:
    return protocol.HEADER.pack(len(body), job) + body


async def test_messages_come_whole_however_they_are_cut(pipe: ChildPipe, child: socket.socket) -> None:
    async def tell() -> None:
        for byte in framed(b"one") + framed(b"", job=8) + framed(b"three"):
            await asyncio.get_running_loop().sock_sendall(child, bytes([byte]))

    async with asyncio.TaskGroup() as group:
        group.create_task(tell())
        assert [await pipe.receive() for _ in range(3)] == [(JOB, b"one"), (8, b""), (JOB, b"three")]


async def test_a_message_longer_than_is_read_ahead_comes_whole(pipe: ChildPipe, child: socket.socket) -> None:
    body = b"x" * (3 * READ_AHEAD_BYTES)
    async with asyncio.TaskGroup() as group:
        group.create_task(asyncio.get_running_loop().sock_sendall(child, framed(body) + framed(b"next")))
        assert await pipe.receive() == (JOB, body)
        assert await pipe.receive() == (JOB, b"next")


async def test_a_child_that_tells_too_much_waits(pipe: ChildPipe, child: socket.socket) -> None:
    message = framed(b"x" * 1000)
    assert await told(child, message) < MOST_QUEUED
    for _ in range(READ_AHEAD_BYTES // len(message)):
        await pipe.receive()
    assert await told(child, message) > 0


async def test_a_child_that_tells_without_end_leaves_others_their_turn(pipe: ChildPipe, child: socket.socket) -> None:
    turns = 0

    async def neighbour() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    child.sendall(framed(b"") * (4 * MESSAGES_AT_ONCE))
    async with asyncio.TaskGroup() as group:
        turning = group.create_task(neighbour())
        await pipe.receive()
        before = turns
        for _ in range(4 * MESSAGES_AT_ONCE - 1):  # all are there
            await pipe.receive()
        turning.cancel()
    assert turns - before >= 3


async def told(child: socket.socket, message: bytes) -> int:
    """How many bytes a child can tell while nobody takes a message; each round lets the loop read what it wants."""
    stream = message * 64
    begin = total = 0
    for _ in range(1000):
        try:
            count = child.send(stream[begin:])
        except BlockingIOError:
            count = 0
        total += count
        begin = (begin + count) % len(stream)
        await asyncio.sleep(0)
    return total


async def test_what_was_told_before_the_end_can_still_be_taken(pipe: ChildPipe, child: socket.socket) -> None:
    child.send(framed(b"last word"))
    child.close()
    assert await pipe.receive() == (JOB, b"last word")
    with pytest.raises(PipeClosedError):
        await pipe.receive()
    with pytest.raises(PipeClosedError):
        pipe.send(framed(b"too late"))


async def test_a_length_that_no_message_has_is_refused(pipe: ChildPipe, child: socket.socket) -> None:
    child.send(b"\xff" * protocol.HEADER.size)
    with pytest.raises(protocol.ProtocolError):
        await pipe.receive()


async def test_a_wait_that_is_cancelled_loses_nothing(pipe: ChildPipe, child: socket.socket) -> None:
    child.send(framed(b"half")[:5])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await pipe.receive()
    child.send(framed(b"half")[5:])
    assert await pipe.receive() == (JOB, b"half")


@pytest.mark.parametrize("said", [b"x", framed(b"a message")])
async def test_it_is_silent_until_something_was_said(pipe: ChildPipe, child: socket.socket, said: bytes) -> None:
    assert pipe.is_silent()
    child.send(said)
    assert not pipe.is_silent()  # the loop has not read it yet
    await asyncio.sleep(0)
    assert not pipe.is_silent()


async def test_it_is_not_silent_when_the_other_side_has_gone(pipe: ChildPipe, child: socket.socket) -> None:
    child.close()
    assert not pipe.is_silent()


async def test_what_is_sent_arrives(pipe: ChildPipe, child: socket.socket) -> None:
    pipe.send(framed(b"job"))
    assert await asyncio.get_running_loop().sock_recv(child, 100) == framed(b"job")


def test_a_pipe_that_was_never_opened_can_be_closed(ends: tuple[socket.socket, socket.socket]) -> None:
    ChildPipe(ends[0]).close()
    assert ends[0].fileno() == -1
