"""What notification costs those who write: a processor's writes with it, beside the same without it.

Several processors' writers, without children, append events and settle attempts at a steady rate over one Postgres with
fsync and synchronous_commit on, and a gateway listens. A write takes from when it is told until it stands in the
database. Rounds with hints and rounds without take turns.
"""

import argparse
import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import uvloop
from pydantic import SecretStr

from benchmarks.parts.figures import compare, headline, percentile
from benchmarks.parts.installation import Installation, installation
from benchmarks.parts.story import Storyteller, pace, storyteller
from common.compact_json import compact
from common.database import open_pool
from common.notifier import Notifier
from common.settings import DatabaseSettings
from common.words import EventType
from processor.claim import AttemptReport, Claim, Succeeded
from processor.feed_writer import FeedWriter
from processor.settlement import RetryPolicy, settle
from processor.settler import Settler

PROCESSORS: Final = 4
APPENDS_A_SECOND: Final = 50  # of each processor
SETTLES_A_SECOND: Final = 20
LINE: Final = {"level": "info", "message": "half of it is done"}
ENVELOPE: Final = {"kind": "profile", "version": "1", "summary": {"rows": 3}, "data": {"rows": 3}}
POLICY: Final = RetryPolicy(first_s=1, most_s=60, max_crashes=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """Seconds that writes took."""

    appends: list[float] = field(default_factory=list)
    settles: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """What a processor writes with."""

    feed: FeedWriter
    settler: Settler

    async def append(self, claim: Claim) -> None:
        """Tell a line of log."""
        self.feed.append(claim, EventType.LOG, LINE)
        assert await self.feed.drained(claim)

    async def settle(self, claim: Claim) -> None:
        """End it with a result."""
        ended = AttemptReport(claim=claim, report=Succeeded(envelope=compact(ENVELOPE)))
        settlement = settle(ended, policy=POLICY)
        assert settlement is not None
        assert await self.settler.settle(ended, settlement)


@asynccontextmanager
async def writer(here: Installation, *, notifies: bool) -> AsyncIterator[Writer]:
    settings = DatabaseSettings(dsn=SecretStr(here.processor_dsn))
    async with (
        open_pool(settings, service="processor") as pool,
        Notifier(pool=pool, is_silent=not notifies) as notifier,
        FeedWriter(pool=pool, notifier=notifier, on_lost=_fail, on_refused=_fail) as feed,
        Settler(pool=pool, notifier=notifier) as settler,
    ):
        yield Writer(feed=feed, settler=settler)


def _fail(hold: object) -> None:
    raise AssertionError(hold)


async def at_rate(
    write: Callable[[Claim], Awaitable[None]], claims: Sequence[Claim], *, rate: float, took: list[float]
) -> None:
    """One write after the other, so many a second, a claim each."""
    started = time.perf_counter()
    for turn, claim in enumerate(claims):
        await pace(started, turn, rate=rate)
        began = time.perf_counter()
        await write(claim)
        took.append(time.perf_counter() - began)


async def one_round(writers: Sequence[Writer], teller: Storyteller, *, seconds: float, took: Took) -> None:
    appends, settles = round(seconds * APPENDS_A_SECOND), round(seconds * SETTLES_A_SECOND)
    claims = await teller.claims(len(writers) * (1 + settles))
    async with asyncio.TaskGroup() as group:
        for number, each in enumerate(writers):
            told, *ended = claims[number :: len(writers)]
            each.feed.open(told)
            appending = at_rate(each.append, [told] * appends, rate=APPENDS_A_SECOND, took=took.appends)
            settling = at_rate(each.settle, ended, rate=SETTLES_A_SECOND, took=took.settles)
            group.create_task(appending)
            group.create_task(settling)


async def main(*, rounds: int, seconds: float) -> None:
    on, off = Took(), Took()
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        here = await enter(installation())
        teller = await enter(storyteller(owner=here.owner, dsn=here.processor_dsn))
        await enter(here.gateway())
        loud = [await enter(writer(here, notifies=True)) for _ in range(PROCESSORS)]
        silent = [await enter(writer(here, notifies=False)) for _ in range(PROCESSORS)]
        for writers in (loud, silent):
            await one_round(writers, teller, seconds=0.5, took=Took())
        for number in range(rounds):
            turns = ((loud, on), (silent, off)) if number % 2 == 0 else ((silent, off), (loud, on))
            for writers, took in turns:
                await one_round(writers, teller, seconds=seconds, took=took)
    report(on, off)


def report(on: Took, off: Took) -> None:
    print(f"{PROCESSORS} processors, {len(on.appends):,} events and {len(on.settles):,} ends each way")
    headline("the same without notification")
    for name, with_it, without in (
        ("append_events", on.appends, off.appends),
        ("settle_attempts", on.settles, off.settles),
        ("both", on.appends + on.settles, off.appends + off.settles),
    ):
        for percent in (50, 99):
            figures = [percentile(took, percent) * 1000 for took in (with_it, without)]
            compare(f"{name}, p{percent}", *figures, unit="ms", goal="≤ 1.1" if percent == 99 else "")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=2.5, help="of each round, with and without")
    asked = parser.parse_args()
    uvloop.run(main(rounds=asked.rounds, seconds=asked.seconds))
