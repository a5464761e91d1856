"""A crowd of watchers in one process: sockets that read event streams and note which event came when, cheaply.

Run by `benchmarks.parts.crowd`. Each watcher has a cursor, so it comes back where it was, and sees it when an event is
missing or comes twice. Times are those of `time.perf_counter`, which all processes of a machine share on Linux.
"""

import asyncio
import re
import time
from array import array
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

import uvloop

from benchmarks.parts.figures import percentile
from benchmarks.parts.programs import answer_commands

EVENT_ID: Final = re.compile(rb"^id: (\d+)$", re.MULTILINE)
CHUNK_END: Final = b"\r\n"
BODY_END: Final = b"\r\n0\r\n\r\n"
COME_BACK: Final = re.compile(rb"^retry: \d+\n\n\r\n0\r\n\r\n\Z", re.MULTILINE)
SOURCES: Final = 8  # addresses of ours, lest the ports of one run out
WITHIN_S: Final = 50.0


class Watcher(asyncio.Protocol):
    """One connection, or one after another, that watches one feed."""

    __slots__ = ("_crowd", "_half", "_transport", "is_open", "opened", "path", "seq", "source")

    def __init__(self, crowd: "Crowd", *, path: str, source: str) -> None:
        self._crowd = crowd
        self._half = b""
        self._transport: asyncio.Transport | None = None
        self.is_open = False
        self.opened: asyncio.Future[None] | None = None
        self.path = path
        self.seq = 0
        self.source = source

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for what follows the last event that it has."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance
        cursor = f"last-event-id: {self.seq}\r\n" if self.seq else ""
        head = f"GET {self.path} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n{cursor}\r\n"
        self._transport.write(head.encode())

    def data_received(self, data: bytes) -> None:
        """Note the events in it."""
        if self._half or not data.endswith(CHUNK_END):
            data = self._half + data
            self._half = b"" if data.endswith(CHUNK_END) else data
            if self._half:
                return
        now = time.perf_counter()
        if not self.is_open:
            self._open(data)
        for digits in EVENT_ID.findall(data):
            seq = int(digits)
            if seq != self.seq + 1 and self.seq:
                self._crowd.out_of_order += 1
            self.seq = seq
            self._crowd.note(seq, now)
        self._crowd.reads += 1
        if data.endswith(BODY_END) and COME_BACK.search(data):
            self._crowd.farewells += 1

    def _open(self, data: bytes) -> None:
        self.is_open = True
        if not data.startswith(b"HTTP/1.1 200 "):
            self._crowd.refusals.append(data[:40].decode(errors="replace"))
        self._end_wait()

    def _end_wait(self) -> None:
        if self.opened is not None and not self.opened.done():
            self.opened.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Go where the crowd goes."""
        del exc
        self._transport, self._half, self.is_open = None, b"", False
        self._end_wait()
        self._crowd.lost(self)

    def close(self) -> None:
        """Leave without a word."""
        if self._transport is not None:
            self._transport.abort()


class Crowd:
    """All watchers of this process, and what they saw."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self.farewells = 0
        self.out_of_order = 0
        self.reads = 0
        self.refusals: list[str] = []
        self._group = group
        self._watchers: list[Watcher] = []
        self._next_port: int | None = None
        self._at_once = asyncio.Semaphore(1)
        self._seqs = array("q")
        self._times = array("d")
        self._tally: dict[int, list[float]] = {}  # seq → how many have it, when the first and the last got it
        self._moved = asyncio.Event()
        self._lost = asyncio.Event()
        self._wanted = 0

    def note(self, seq: int, now: float) -> None:
        """One watcher has this event."""
        self._seqs.append(seq)
        self._times.append(now)
        told = self._tally.get(seq)
        if told is None:
            told = self._tally[seq] = [0, now, now]
        told[0] += 1
        told[2] = now
        if seq == self._wanted and told[0] >= len(self._watchers):
            self._moved.set()

    def lost(self, watcher: Watcher) -> None:
        """A watcher has no connection any more; it comes back at the next port, if there is one."""
        if self._next_port is not None:
            self._group.create_task(self._connect(watcher, self._next_port))
        self._lost.set()

    async def answer(self, command: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do what the benchmark says."""
        told: Mapping[str, Any] = {}
        match command:
            case {"command": "connect", "port": port, "paths": paths, "watchers": count, "at_once": at_once}:
                self._at_once = asyncio.Semaphore(at_once)
                await self._grow(port, paths, count=count)
                told = self._state()
            case {"command": "reached", "seq": seq}:
                told = await self._reached(seq)
            case {"command": "move", "port": port, "at_once": at_once}:
                self._next_port, self._at_once = port, asyncio.Semaphore(at_once)
            case {"command": "farewells"}:
                told = await self._all_lost()
            case {"command": "latencies", "commits": commits}:
                told = self._latencies(dict(commits))
            case {"command": "state"}:
                told = self._state()
            case {"command": "leave"}:
                told = self._leave()
            case _:
                raise ValueError(command)
        return told

    def _state(self) -> Mapping[str, Any]:
        if self.refusals:
            raise RuntimeError(f"{len(self.refusals)} were refused: {self.refusals[0]}")
        return {"out_of_order": self.out_of_order, "reads": self.reads, "open": sum(w.is_open for w in self._watchers)}

    async def _grow(self, port: int, paths: list[str], *, count: int) -> None:
        new = list(self._born(paths, range(len(self._watchers), count)))
        self._watchers += new
        async with asyncio.timeout(WITHIN_S), asyncio.TaskGroup() as group:
            for watcher in new:
                group.create_task(self._connect(watcher, port))

    def _born(self, paths: list[str], numbers: range) -> Iterator[Watcher]:
        for number in numbers:
            yield Watcher(self, path=paths[number % len(paths)], source=f"127.0.0.{2 + number % SOURCES}")

    async def _connect(self, watcher: Watcher, port: int) -> None:
        """Connect and wait for the head of the answer; so many watchers at a time."""
        loop = asyncio.get_running_loop()
        async with self._at_once:
            opened = watcher.opened = loop.create_future()
            await loop.create_connection(lambda: watcher, "127.0.0.1", port, local_addr=(watcher.source, 0))
            await opened
            watcher.opened = None

    async def _reached(self, seq: int) -> Mapping[str, Any]:
        """Wait until all have this event."""
        self._wanted = seq
        self._moved.clear()
        if self._tally.get(seq, [0])[0] < len(self._watchers):
            async with asyncio.timeout(WITHIN_S):
                await self._moved.wait()
        _, first, last = self._tally[seq]
        return {"first": first, "last": last}

    async def _all_lost(self) -> Mapping[str, Any]:
        """Wait until no watcher has a connection any more."""
        async with asyncio.timeout(WITHIN_S):
            while any(watcher.is_open for watcher in self._watchers):
                self._lost.clear()
                await self._lost.wait()
        return {"last": time.perf_counter(), "farewells": self.farewells}

    def _latencies(self, commits: Mapping[int, float]) -> Mapping[str, Any]:
        """How long after its commit each of these events came to each watcher, in seconds."""
        pairs = zip(self._seqs, self._times, strict=True)
        took = [time_ - commits[seq] for seq, time_ in pairs if seq in commits]
        missing = len(commits) * len(self._watchers) - len(took)
        return {"p50": percentile(took, 50), "p99": percentile(took, 99), "most": max(took), "missing": missing}

    def _leave(self) -> Mapping[str, Any]:
        state = self._state()
        self._next_port = None
        for watcher in self._watchers:
            watcher.close()
        self._watchers = []
        self._tally.clear()
        del self._seqs[:], self._times[:]
        return state


async def main() -> None:
    async with asyncio.TaskGroup() as group:
        await answer_commands(Crowd(group).answer)


if __name__ == "__main__":
    uvloop.run(main())
