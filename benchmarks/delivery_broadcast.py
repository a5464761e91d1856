"""One event to all watchers of one task: how long until the last of them has it.

All servers hold their watchers at the same time and take turns, so that what else the machine does falls on all. Sundog
is measured from the commit: the way through Postgres is in it. The others are told by a line on a pipe.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Final

import uvloop

from benchmarks.parts.crowd import Crowd, crowd
from benchmarks.parts.figures import compare, headline, tell
from benchmarks.parts.floors import floor
from benchmarks.parts.installation import installation
from benchmarks.parts.process_cost import processor_seconds
from benchmarks.parts.story import STARTED_SEQ, path_of, storyteller

FLOORS: Final = {
    "direct": "ASGI app that calls send",
    "eventsource": "EventSourceResponse",
    "sockets": "raw asyncio sockets",
}
QUIET: Final = {"STREAM_HEARTBEAT_S": "86400", "STREAM_ROTATE_S": "86400"}  # neither belongs to this measurement
PAUSE_S: Final = 0.05
WARM_UP: Final = 2  # rounds that do not count


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A server with its watchers.

    Attributes:
        send: tells all of them an event with this number; returns when that began.
        took: for each counted round, seconds until the first and until the last had it.
    """

    pid: int
    port: int
    path: str
    crowd: Crowd
    send: Callable[[int], Awaitable[float]]
    seqs: Iterator[int]
    took: list[tuple[float, float]] = field(default_factory=list)
    cpu: list[tuple[float, float]] = field(default_factory=list)

    async def round(self) -> None:
        """One event to all."""
        before = self._cpu()
        seq = next(self.seqs)
        began = await self.send(seq)
        first, last = await self.crowd.reached(seq)
        self.took.append((first - began, last - began))
        after = self._cpu()
        self.cpu.append((after[0] - before[0], after[1] - before[1]))

    def _cpu(self) -> tuple[float, float]:
        return processor_seconds(self.pid), processor_seconds(self.crowd.pid)

    def median_ms(self, which: int) -> float:
        """Until the first (0) or the last (1) had it."""
        return statistics.median(took[which] for took in self.took) * 1000

    def cpu_us(self, which: int, *, watchers: int) -> float:
        """Processor time of the server (0) or of the client (1) for each watcher and event."""
        return statistics.fmean(cpu[which] for cpu in self.cpu) / watchers * 1e6


async def measure(contenders: Mapping[str, Contender], *, watchers: int, rounds: int) -> None:
    for each in contenders.values():
        await each.crowd.connect(each.port, watchers=watchers, paths=[each.path])
    for number in range(WARM_UP + rounds):
        for each in contenders.values():
            await each.round()
            await asyncio.sleep(PAUSE_S)
            if number < WARM_UP:
                each.took.clear()
                each.cpu.clear()


def report(contenders: Mapping[str, Contender], *, watchers: int) -> None:
    ours = contenders["sundog"]
    print(f"{watchers:,} watchers, medians of {len(ours.took)} events")
    headline("the same in the same run")
    for form, name in FLOORS.items():
        goal = "≤ 1.3" if form == "direct" else ""
        compare(f"last client, beside {name}", ours.median_ms(1), contenders[form].median_ms(1), unit="ms", goal=goal)
    compare("  first client", ours.median_ms(0), contenders["direct"].median_ms(0), unit="ms")
    spreads = [each.median_ms(1) - each.median_ms(0) for each in (ours, contenders["direct"])]
    compare("  from the first client to the last", *spreads, unit="ms")
    cpu = [each.cpu_us(0, watchers=watchers) for each in (ours, contenders["direct"])]
    compare("  CPU of the server, a watcher", *cpu, unit="µs")
    tell("  CPU of the benchmark's client, a watcher", ours.cpu_us(1, watchers=watchers), unit="µs")


@asynccontextmanager
async def all_contenders() -> AsyncIterator[Mapping[str, Contender]]:
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        here = await enter(installation())
        teller = await enter(storyteller(owner=here.owner, dsn=here.processor_dsn))
        claims = await teller.claims(1)
        gateway = await enter(here.gateway(**QUIET))
        contenders = {
            "sundog": Contender(
                pid=gateway.pid,
                port=gateway.port,
                path=path_of(claims[0]),
                crowd=await enter(crowd()),
                send=lambda seq: teller.append(claims, seq),
                seqs=count(STARTED_SEQ + 1),
            )
        }
        for form in FLOORS:
            contenders[form] = await _floor(form, stack)
        yield contenders


async def _floor(form: str, stack: AsyncExitStack) -> Contender:
    server = await stack.enter_async_context(floor(form))

    async def send(seq: int) -> float:
        began = time.perf_counter()
        await server.tell(seq)
        return began

    watchers = await stack.enter_async_context(crowd())
    return Contender(pid=server.pid, port=server.port, path="/", crowd=watchers, send=send, seqs=count(STARTED_SEQ))


async def main(sizes: Sequence[int], *, rounds: int) -> None:
    async with all_contenders() as contenders:
        for watchers in sorted(sizes):
            await measure(contenders, watchers=watchers, rounds=rounds)
            report(contenders, watchers=watchers)
            for each in contenders.values():
                each.took.clear()
                each.cpu.clear()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--watchers", type=int, nargs="+", default=[1_000, 5_000, 10_000])
    parser.add_argument("--rounds", type=int, default=11, help="events to each number of watchers")
    asked = parser.parse_args()
    uvloop.run(main(asked.watchers, rounds=asked.rounds))
