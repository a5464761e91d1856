"""A gateway is killed, and all its watchers come to another one at once: until all have caught up.

While they are away an event happens in each task. Nobody may miss it or get it twice. The yardstick is the bare ASGI
application, killed in the same way: what connecting alone takes, on the server's side and on that of the client.
"""

import argparse
import statistics
import time
from dataclasses import dataclass
from typing import Final

import uvloop

from benchmarks.parts.crowd import crowd
from benchmarks.parts.figures import compare, headline, tell
from benchmarks.parts.floors import floor
from benchmarks.parts.installation import Installation, installation
from benchmarks.parts.process_cost import processor_seconds
from benchmarks.parts.story import STARTED_SEQ, Storyteller, path_of, storyteller

BEFORE: Final = STARTED_SEQ + 1  # an event that all have seen
AWAY: Final = STARTED_SEQ + 2  # one that happens when their gateway is gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """What it took until all had the event that they missed.

    Attributes:
        wrong: events that did not come, or came twice.
    """

    seconds: float
    cpu_s: float
    statements: int
    wrong: int


async def through_sundog(here: Installation, teller: Storyteller, *, watchers: int, tasks: int) -> Storm:
    claims = await teller.claims(tasks)
    async with here.gateway() as first, here.gateway() as second, crowd() as watching:
        await watching.connect(first.port, watchers=watchers, paths=[path_of(claim) for claim in claims])
        await teller.append(claims, BEFORE)
        await watching.reached(BEFORE)
        await watching.move(second.port)
        statements, cpu = await here.gateway_statements(), processor_seconds(second.pid)
        began = time.perf_counter()
        first.kill()
        await teller.append(claims, AWAY)
        _, last = await watching.reached(AWAY)
        return Storm(
            seconds=last - began,
            cpu_s=processor_seconds(second.pid) - cpu,
            statements=await here.gateway_statements() - statements,
            wrong=await watching.leave(),
        )


async def through_floor(*, watchers: int) -> Storm:
    async with floor("direct") as first, floor("direct") as second, crowd() as watching:
        await watching.connect(first.port, watchers=watchers)
        await first.tell(BEFORE)
        await watching.reached(BEFORE)
        await second.tell(AWAY)
        await watching.move(second.port)
        cpu = processor_seconds(second.pid)
        began = time.perf_counter()
        first.kill()
        _, last = await watching.reached(AWAY)
        cpu = processor_seconds(second.pid) - cpu
        return Storm(seconds=last - began, cpu_s=cpu, statements=0, wrong=await watching.leave())


async def main(*, watchers: int, tasks: int, rounds: int) -> None:
    ours: list[Storm] = []
    floors: list[Storm] = []
    async with installation() as here, storyteller(owner=here.owner, dsn=here.processor_dsn) as teller:
        for _ in range(rounds):
            ours.append(await through_sundog(here, teller, watchers=watchers, tasks=tasks))
            floors.append(await through_floor(watchers=watchers))
    report(ours, floors, watchers=watchers, tasks=tasks)


def report(ours: list[Storm], floors: list[Storm], *, watchers: int, tasks: int) -> None:
    print(f"{watchers:,} watchers of {tasks:,} tasks, medians of {len(ours)} storms")
    headline("bare ASGI app; for statements, one a watcher")
    seconds = [statistics.median(storm.seconds for storm in storms) for storms in (ours, floors)]
    cpu = [statistics.median(storm.cpu_s for storm in storms) for storms in (ours, floors)]
    compare("until the last has caught up", *seconds, unit="s")
    compare("CPU of the gateway that they came to", *cpu, unit="s")
    compare("statements", statistics.median(storm.statements for storm in ours), watchers, unit="")
    tell("events that were missing or came twice", sum(storm.wrong for storm in ours), unit="")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--watchers", type=int, default=5_000)
    parser.add_argument("--tasks", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    uvloop.run(main(watchers=asked.watchers, tasks=asked.tasks, rounds=asked.rounds))
