"""Commit to client, and what many tasks cost a gateway.

First one task with 50 events a second: from the commit of each until a watcher has it. The yardstick is the least that
a gateway can do with Postgres: one LISTEN connection, one read a notification, one bare `send` a watcher.

Then 1,000 tasks that report four times a second, with one watcher each and with three: the processor time that the
gateway takes, beside a bare application that makes the same writes to the same number of watchers, and the statements
that it sends, which must not grow with its watchers.
"""

import argparse
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from statistics import median
from typing import Final

import uvloop

from benchmarks.parts.crowd import Crowd, Latencies, crowd
from benchmarks.parts.figures import compare, headline, tell
from benchmarks.parts.floors import Floor, floor
from benchmarks.parts.installation import Gateway, Installation, installation
from benchmarks.parts.process_cost import processor_seconds
from benchmarks.parts.story import STARTED_SEQ, Storyteller, pace, path_of, storyteller
from processor.claim import Claim

EVENTS_A_SECOND: Final = 50
REPORTS_A_SECOND: Final = 4
PROCESSORS: Final = 10  # that share the tasks, and so the reports come in so many statements each time
WARM_UP_S: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A server that watches one task, and its watchers."""

    claim: Claim
    watchers: Crowd
    seqs: Iterator[int]
    seen: list[Latencies]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What so many watchers took of a server, each second."""

    cpu_share: float
    statements: float
    deliveries: float


async def events(teller: Storyteller, way: Way, *, seconds: float) -> None:
    """Commit events at their rate, and note when they came."""
    commits: dict[int, float] = {}
    started = time.perf_counter()
    for turn in range(round(seconds * EVENTS_A_SECOND)):
        await pace(started, turn, rate=EVENTS_A_SECOND)
        seq = next(way.seqs)
        commits[seq] = await teller.append([way.claim], seq)
    await way.watchers.reached(max(commits))
    way.seen.append(await way.watchers.latencies(commits))


@asynccontextmanager
async def ways(
    here: Installation, teller: Storyteller, gateway: Gateway, *, watchers: int
) -> AsyncIterator[Mapping[str, Way]]:
    """Sundog and the floor, each with a task and watchers of its own."""
    ours, theirs = await teller.claims(2)
    async with floor("fed", dsn=here.owner_dsn, task=theirs.task) as fed, crowd() as first, crowd() as second:
        await first.connect(gateway.port, watchers=watchers, paths=[path_of(ours)])
        await second.connect(fed.port, watchers=watchers)
        yield {
            "sundog": Way(claim=ours, watchers=first, seqs=count(STARTED_SEQ + 1), seen=[]),
            "floor": Way(claim=theirs, watchers=second, seqs=count(STARTED_SEQ + 1), seen=[]),
        }


async def commit_to_client(here: Installation, *, sizes: Sequence[int], rounds: int, seconds: float) -> None:
    print(f"One task, {EVENTS_A_SECOND} events a second, from commit to client, medians of {rounds} rounds")
    headline("LISTEN, read, bare send")
    async with storyteller(owner=here.owner, dsn=here.processor_dsn) as teller, here.gateway() as gateway:
        for watchers in sizes:
            async with ways(here, teller, gateway, watchers=watchers) as both:
                for way in both.values():
                    await events(teller, way, seconds=WARM_UP_S)
                    way.seen.clear()
                for _ in range(rounds):
                    for way in both.values():
                        await events(teller, way, seconds=seconds)
                report_latencies(both["sundog"].seen, both["floor"].seen, watchers=watchers)


def report_latencies(ours: list[Latencies], floors: list[Latencies], *, watchers: int) -> None:
    who = f"{watchers:,} watcher{'s' if watchers > 1 else ''}"
    p50s = [median(seen.p50_ms for seen in each) for each in (ours, floors)]
    p99s = [median(seen.p99_ms for seen in each) for each in (ours, floors)]
    compare(f"{who}, p50", *p50s, unit="ms", goal="≤ 10 ms")
    compare(f"{who}, p99", *p99s, unit="ms", goal="≤ 50 ms")
    if missing := sum(seen.missing for seen in ours):
        tell(f"{who}, events that did not come", missing, unit="")


async def reports(teller: Storyteller, claims: Sequence[Claim], *, seconds: float) -> None:
    """Write the progress of all tasks at its rate, as so many processors do in turn."""
    shares = [claims[number::PROCESSORS] for number in range(PROCESSORS)]
    started = time.perf_counter()
    for turn in range(round(seconds * REPORTS_A_SECOND * PROCESSORS)):
        await pace(started, turn, rate=REPORTS_A_SECOND * PROCESSORS)
        await teller.report(shares[turn % PROCESSORS], rows=turn)
    await pace(started, turn + 1, rate=REPORTS_A_SECOND * PROCESSORS)


async def of_gateway(
    here: Installation, teller: Storyteller, claims: Sequence[Claim], *, watchers: int, seconds: float
) -> Cost:
    async with here.gateway() as gateway, crowd() as watching:
        await watching.connect(gateway.port, watchers=watchers, paths=[path_of(claim) for claim in claims])
        await reports(teller, claims, seconds=WARM_UP_S)
        cpu, statements = processor_seconds(gateway.pid), await here.gateway_statements()
        reads, began = await watching.reads(), time.perf_counter()
        await reports(teller, claims, seconds=seconds)
        took = time.perf_counter() - began
        return Cost(
            cpu_share=(processor_seconds(gateway.pid) - cpu) / took,
            statements=(await here.gateway_statements() - statements) / took,
            deliveries=(await watching.reads() - reads) / took,
        )


async def of_floor(*, watchers: int, seconds: float) -> Cost:
    async with floor("direct") as server, crowd() as watching:
        await watching.connect(server.port, watchers=watchers)
        cpu, reads, began = processor_seconds(server.pid), await watching.reads(), time.perf_counter()
        await tell_all(server, seconds=seconds)
        took = time.perf_counter() - began
        return Cost(
            cpu_share=(processor_seconds(server.pid) - cpu) / took,
            statements=0,
            deliveries=(await watching.reads() - reads) / took,
        )


async def tell_all(server: Floor, *, seconds: float) -> None:
    started = time.perf_counter()
    for turn in range(round(seconds * REPORTS_A_SECOND)):
        await pace(started, turn, rate=REPORTS_A_SECOND)
        await server.tell(STARTED_SEQ + turn)
    await pace(started, turn + 1, rate=REPORTS_A_SECOND)


async def many_tasks(here: Installation, *, tasks: int, each: Sequence[int], seconds: float) -> None:
    print(f"{tasks:,} tasks, {REPORTS_A_SECOND} reports a second each")
    headline("bare ASGI app; for statements, one a report and watcher")
    async with storyteller(owner=here.owner, dsn=here.processor_dsn) as teller:
        claims = await teller.claims(tasks)
        seen: list[Cost] = []
        for watchers in (tasks * number for number in each):
            ours = await of_gateway(here, teller, claims, watchers=watchers, seconds=seconds)
            bare = await of_floor(watchers=watchers, seconds=seconds)
            seen.append(ours)
            report_cost(ours, bare, watchers=watchers)
        compare("statements, the most watchers beside the fewest", seen[-1].statements, seen[0].statements, unit="/s")


def report_cost(ours: Cost, bare: Cost, *, watchers: int) -> None:
    who = f"{watchers:,} watchers"
    compare(f"{who}, CPU of one core", ours.cpu_share * 100, bare.cpu_share * 100, unit="%")
    compare(f"{who}, statements", ours.statements, watchers * REPORTS_A_SECOND, unit="/s")
    compare(f"{who}, reads by clients", ours.deliveries, bare.deliveries, unit="/s")


async def main(asked: argparse.Namespace) -> None:
    async with installation() as here:
        await commit_to_client(here, sizes=asked.watchers, rounds=asked.rounds, seconds=asked.seconds)
        await many_tasks(here, tasks=asked.tasks, each=asked.each, seconds=asked.seconds * 1.5)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--watchers", type=int, nargs="+", default=[1, 100, 1_000])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=2.0, help="of events, each round")
    parser.add_argument("--tasks", type=int, default=1_000)
    parser.add_argument("--each", type=int, nargs="+", default=[1, 3], help="watchers of each task")
    uvloop.run(main(parser.parse_args()))
