"""No-op tasks a second, end to end, beside three other queues and beside a bare SKIP LOCKED loop, the floor.

Ours runs each task in a child process (used again for the tasks of one tenant), with its limits watched, its attempt,
its result and every event of its feed written. The others run a coroutine in the worker's own loop. All on one
Postgres with fsync and synchronous_commit on, one worker process each, turn by turn; figures are medians. What a
promise costs is measured by leaving it out, or adding it, where that needs no change of the code. The child itself
cannot be left out, there is no kind that runs without one; so there is a second floor, the bare loop with nothing more
than a child process for each job.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.parts.drain import Drained, Ours, Peer, System, drain, floor
from benchmarks.parts.engine import python_with_kinds
from benchmarks.parts.peers import python_with_peers, versions
from benchmarks.parts.server import bench_server
from sundog.postgres import EmbeddedPostgres

ONE_CHILD_A_TASK = {"SUNDOG_PROCESSOR_TASKS_A_CHILD": "1"}


def peers(folder: Path, *, share: float) -> list[Peer]:
    """The other queues, with so many jobs that each works for one or two seconds, times `share`."""
    python = python_with_peers(folder)
    print("beside: " + ", ".join(f"{name} {version}" for name, version in versions(folder).items()))
    doing = "FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
    return [
        Peer(name="pgqueuer_worker", python=python, jobs=int(20_000 * share), left="FROM pgqueuer"),
        Peer(name="procrastinate_worker", python=python, jobs=int(1_000 * share), left=doing),
        Peer(
            name="chancy_worker",
            python=python,
            jobs=int(10_000 * share),
            left="FROM chancy_jobs WHERE state IN ('pending', 'running')",
        ),
    ]


def promises(ours: Ours, python: Path) -> list[tuple[str, Ours]]:
    """The same with one thing changed."""

    def changed(name: str, *, jobs: float = 1.0, slots: int = ours.slots, **more: object) -> tuple[str, Ours]:
        count = max(int(ours.jobs * jobs), 50)
        return name, Ours(name=name, python=python, jobs=count, slots=slots, **more)  # type: ignore[arg-type]  # fields

    return [
        changed("one slot: nothing shares a commit", jobs=0.1, slots=1),
        changed("a new child for each task", jobs=0.1, settings=ONE_CHILD_A_TASK),
        changed("two more events and progress in each feed", jobs=0.5, kind="story"),
        changed("16 tenants in turn, a child for one only", jobs=0.5, tenants=16),
        changed("exact caps: claims wait for each other", caps=True),
        changed("a log of two lines a task", settings={"SUNDOG_LOG_LEVEL": "INFO"}),
        changed("commits that do not wait for the disk", connection="&options=-csynchronous_commit%3Doff"),
    ]


async def measured(
    systems: Sequence[System], *, repeats: int, server: EmbeddedPostgres, folder: Path
) -> dict[str, list[Drained]]:
    """Each in turn, so that a busy moment of the machine does not fall on one alone."""
    found: dict[str, list[Drained]] = {system.name: [] for system in systems}
    for repeat in range(repeats):
        for system in systems if repeat % 2 == 0 else reversed(systems):
            found[system.name].append(await drain(system, server=server, folder=folder))
    return found


def told(name: str, drained: Sequence[Drained], *, yardstick: float) -> float:
    rate = statistics.median(one.rate for one in drained)
    worker = statistics.median(one.worker_ms for one in drained)
    postgres = statistics.median(one.postgres_ms for one in drained)
    name = name.removesuffix("_worker")
    print(
        f"  {name:44} {rate:8.0f} tasks/s  {rate / (yardstick or rate):5.2f}"
        f"   CPU s per 1,000: worker {worker:.3f}, Postgres {postgres:.3f}",
        flush=True,
    )
    return rate


async def compare(*, share: float, repeats: int, slots: int, with_peers: bool, with_promises: bool) -> None:
    began = time.perf_counter()
    async with bench_server() as (server, folder):
        python = python_with_kinds(folder / "kinds")
        ours = Ours(name=f"sundog, {slots} slots", python=python, jobs=int(6_000 * share), slots=slots)
        bare = floor(jobs=int(80_000 * share))
        isolated = floor(jobs=int(12_000 * share), name="floor_in_children")
        others = peers(folder / "peers", share=share) if with_peers else []
        found = await measured([bare, isolated, ours, *others], repeats=repeats, server=server, folder=folder)
        print(f"median of {repeats}; the ratio is to the floor")
        floor_rate = told("floor: a bare loop, batches of 100", found.pop(bare.name), yardstick=0.0)
        rates = {
            isolated.name: told(
                "the same, each job in one of 64 children", found.pop(isolated.name), yardstick=floor_rate
            )
        }
        rates |= {name: told(name, drained, yardstick=floor_rate) for name, drained in found.items()}
        print(f"  ours beside the bare loop with children: {rates[ours.name] / rates[isolated.name]:.2f}")
        if with_promises:
            print("what each promise costs; the ratio is to ours above")
            for name, other in promises(ours, python):
                one = await drain(other, server=server, folder=folder)
                told(name, [one], yardstick=rates[ours.name])
    print(f"took {time.perf_counter() - began:.0f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the usual number of tasks")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--slots", type=int, default=64)
    parser.add_argument("--no-peers", action="store_true", help="beside the floor alone")
    parser.add_argument("--no-promises", action="store_true", help="leave out what each promise costs")
    asked = parser.parse_args()
    asyncio.run(
        compare(
            share=asked.share,
            repeats=asked.repeats,
            slots=asked.slots,
            with_peers=not asked.no_peers,
            with_promises=not asked.no_promises,
        )
    )


if __name__ == "__main__":
    main()
