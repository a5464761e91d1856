"""A crowd of watchers, as a benchmark commands it."""

import resource
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from benchmarks.parts.programs import Program, program

CONNECT_AT_ONCE = 200
STORM_AT_ONCE = 1_000  # fewer than wait for a server to accept them, so that the kernel refuses none


@dataclass(frozen=True, slots=True, kw_only=True)
class Latencies:
    """How long after their commit events came to watchers, in milliseconds.

    Attributes:
        missing: events that did not come.
    """

    p50_ms: float
    p99_ms: float
    most_ms: float
    missing: int


class Crowd:
    """Watchers in a process of their own."""

    def __init__(self, told: Program) -> None:
        self._told = told

    @property
    def pid(self) -> int:
        """Of their process."""
        return self._told.pid

    async def connect(
        self, port: int, *, watchers: int, paths: Sequence[str] = ("/",), at_once: int = CONNECT_AT_ONCE
    ) -> None:
        """Grow to so many watchers; they take turns over the paths."""
        await self._told.ask("connect", port=port, paths=list(paths), watchers=watchers, at_once=at_once)

    async def reached(self, seq: int) -> tuple[float, float]:
        """Wait until all have an event; when the first and the last of them got it, by `time.perf_counter`."""
        told = await self._told.ask("reached", seq=seq)
        return told["first"], told["last"]

    async def move(self, port: int) -> None:
        """Whoever loses the connection comes back at this port from now on, at once."""
        await self._told.ask("move", port=port, at_once=STORM_AT_ONCE)

    async def farewells(self) -> tuple[float, int]:
        """Wait until none has a connection any more: when that was, and how many were told to come back, in order."""
        told = await self._told.ask("farewells")
        return told["last"], told["farewells"]

    async def latencies(self, commits: Mapping[int, float]) -> Latencies:
        """Of these events, by the time of their commit."""
        told = await self._told.ask("latencies", commits=list(commits.items()))
        p50, p99, most = (told[name] * 1000 for name in ("p50", "p99", "most"))
        return Latencies(p50_ms=p50, p99_ms=p99, most_ms=most, missing=told["missing"])

    async def reads(self) -> int:
        """How often anything came to any of them."""
        return int((await self._told.ask("state"))["reads"])

    async def leave(self) -> int:
        """Close all connections; returns how often an event was missing, or came twice."""
        return int((await self._told.ask("leave"))["out_of_order"])


@asynccontextmanager
async def crowd() -> AsyncIterator[Crowd]:
    """A crowd without watchers yet, with as many files as a process may have open."""
    raise_limit_of_files()
    async with program("crowd") as told:
        yield Crowd(told)


def raise_limit_of_files() -> None:
    """Let this process, and those that it starts, open as many files as the system allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
