"""A small soak; `make soak` does a large one, with any seed."""

from pathlib import Path

from helpers.soak import Soak, run_soak
from sundog.postgres_binaries import PostgresBinaries

SMALL = Soak(tasks=300, processors=2, faults=14, seed=7)


async def test_faults_that_fall_at_random_leave_every_record_true(postgres: PostgresBinaries, tmp_path: Path) -> None:
    report = await run_soak(SMALL, folder=tmp_path, binaries=postgres)

    assert sum(report.counted["tasks"].values()) == SMALL.tasks
    assert sum(report.faults.values()) == SMALL.faults
    print(report)  # noqa: T201 - what happened, for who looks with -s
