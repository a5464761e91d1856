"""A gateway with many streams open is told to stop: until all have their farewell, and until its process is gone.

The yardstick is what is asked for: three seconds. Each stream must be told when to come back, and its body must end as
HTTP says; the watchers stay away.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import uvloop

from benchmarks.parts.crowd import crowd
from benchmarks.parts.figures import compare, headline, tell
from benchmarks.parts.installation import Installation, installation
from benchmarks.parts.story import STARTED_SEQ, Storyteller, path_of, storyteller

GOAL_S: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One stop.

    Attributes:
        told_s: from the signal until the last stream had ended.
        gone_s: from the signal until the process had.
        without: streams that ended without a farewell.
    """

    told_s: float
    gone_s: float
    without: int


async def stop(here: Installation, teller: Storyteller, *, watchers: int, tasks: int) -> Stop:
    claims = await teller.claims(tasks)
    async with here.gateway() as gateway, crowd() as watching:
        await watching.connect(gateway.port, watchers=watchers, paths=[path_of(claim) for claim in claims])
        await watching.reached(STARTED_SEQ)
        began = time.perf_counter()
        (last, farewells), code = await asyncio.gather(watching.farewells(), gateway.terminate())
        gone = time.perf_counter()
        assert code == 0, f"the gateway ended with {code}"
        return Stop(told_s=last - began, gone_s=gone - began, without=watchers - farewells)


async def main(sizes: Sequence[int], *, tasks: int, rounds: int) -> None:
    async with installation() as here, storyteller(owner=here.owner, dsn=here.processor_dsn) as teller:
        for watchers in sizes:
            stops = [await stop(here, teller, watchers=watchers, tasks=tasks) for _ in range(rounds)]
            report(stops, watchers=watchers, tasks=tasks)


def report(stops: Sequence[Stop], *, watchers: int, tasks: int) -> None:
    print(f"{watchers:,} watchers of {tasks:,} tasks, medians of {len(stops)} stops")
    headline("what is asked for")
    compare("until the last stream had ended", statistics.median(each.told_s for each in stops), GOAL_S, unit="s")
    compare(
        "until the process had",
        statistics.median(each.gone_s for each in stops),
        GOAL_S,
        unit="s",
        goal=f"≤ {GOAL_S} s",
    )
    tell("streams that ended without a farewell", sum(each.without for each in stops), unit="")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--watchers", type=int, nargs="+", default=[1_000, 5_000])
    parser.add_argument("--tasks", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    uvloop.run(main(asked.watchers, tasks=asked.tasks, rounds=asked.rounds))
