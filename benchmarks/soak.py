"""Thousands of tasks over several processors while faults fall at random; afterwards every record must be true.

There is no yardstick but the promise itself: each task has ended as it must, ran to success exactly once in the
records, its feed is numbered 1..n, and neither a process nor a file is left over. The figures say what happened.
"""

import argparse
import secrets
import sys
import tempfile
from pathlib import Path

import anyio

from helpers.soak import Soak, run_soak
from sundog.postgres_binaries import find_postgres


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=2000)
    parser.add_argument("--processors", type=int, default=3)
    parser.add_argument("--faults", type=int, default=60)
    parser.add_argument("--seed", type=int, default=None, help="of the tasks and the faults; drawn if it is not given")
    asked = parser.parse_args()
    seed = secrets.randbelow(10_000) if asked.seed is None else asked.seed
    soak = Soak(tasks=asked.tasks, processors=asked.processors, faults=asked.faults, seed=seed)
    print(f"{soak}", flush=True)
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        print(anyio.run(run, soak, Path(folder)))
    return 0


async def run(soak: Soak, folder: Path) -> object:
    return await run_soak(soak, folder=folder, binaries=find_postgres({}))


if __name__ == "__main__":
    sys.exit(main())
