"""The floor of isolation: the bare loop again, but each job is done by a child process that waits for it at a socket.

A line of JSON goes to the child and a line comes back; a child has one job at a time. No limit is watched, no story is
told, nothing is confined: what this costs more than the floor is what it costs to leave the process at all.

`floor_in_children.py DSN fill N` makes the queue, `floor_in_children.py DSN work` works it off until it is told to end.
"""

import asyncio
import json
import os
import socket
import sys

import asyncpg
import uvloop

from benchmarks.parts.workers.floor import CLAIM, FINISH, fill

CHILDREN = 64
LANES = 2  # while one waits for Postgres, the children of the other work


class Child(asyncio.Protocol):
    """The loop's end of one child's socket."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[object] | None = None
        self.transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The loop reads from now on."""
        self.transport = transport  # type: ignore[assignment]  # of a socket, so it can be written to

    def data_received(self, data: bytes) -> None:
        """A line is far shorter than what a socket takes at once."""
        if self.answer is not None:
            self.answer.set_result(json.loads(data))

    def ask(self, job: int) -> "asyncio.Future[object]":
        """Give it a job; its answer comes later."""
        assert self.transport is not None
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(json.dumps({"job": job}).encode() + b"\n")
        return self.answer


def serve(end: socket.socket) -> None:
    """The child: answer each line with a line, until the loop is gone."""
    with end.makefile("rwb") as lines:
        for line in lines:
            lines.write(json.dumps({"done": json.loads(line)["job"]}).encode() + b"\n")
            lines.flush()


def forked() -> socket.socket:
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        ours.close()
        os.nice(10)
        serve(theirs)
        os._exit(0)
    theirs.close()
    ours.setblocking(False)  # noqa: FBT003 - the standard library's signature
    return ours


async def lane(dsn: str, ends: list[socket.socket]) -> None:
    loop = asyncio.get_running_loop()
    children = [Child() for _ in ends]
    for child, end in zip(children, ends, strict=True):
        await loop.create_unix_connection(lambda child=child: child, sock=end)  # type: ignore[misc]  # bound now
    connection = await asyncpg.connect(dsn)
    claim, finish = await connection.prepare(CLAIM), await connection.prepare(FINISH)
    while True:
        jobs = [row["id"] for row in await claim.fetch(len(children))]
        if not jobs:
            await asyncio.sleep(0.05)
            continue
        await asyncio.gather(*(child.ask(job) for child, job in zip(children, jobs, strict=False)))
        await finish.fetch(jobs)


async def work(dsn: str, ends: list[socket.socket]) -> None:
    await asyncio.gather(*(lane(dsn, ends[number::LANES]) for number in range(LANES)))


if __name__ == "__main__":
    if sys.argv[2] == "fill":
        uvloop.run(fill(sys.argv[1], int(sys.argv[3])))
    else:
        uvloop.run(work(sys.argv[1], [forked() for _ in range(CHILDREN)]))
