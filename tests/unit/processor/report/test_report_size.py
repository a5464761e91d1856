"""How large a report becomes."""

from pathlib import Path

import polars as pl

from helpers.profiling import profile_file
from processor.analyses.profile.report import REPORT

MOST_BYTES = 2_000_000


def test_the_report_of_200_columns_stays_below_two_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    numbers = pl.int_range(2_000, eager=True)
    texts = {f"text {n}": (numbers * (n + 1) % 1_999).cast(pl.String) + f" of a longer text {n}" for n in range(100)}
    pl.DataFrame({f"n{n}": (numbers * (n + 7) % 1_987) * 0.37 for n in range(100)} | texts).write_parquet(path)
    found = profile_file(path)
    given = {"filename": "wide.parquet", "bytes": 1, "rows": 2_000, "sha256": "0" * 64}

    page = REPORT(
        {
            "kind": "profile",
            "version": "2",
            "engine": {},
            "inputs": {"data": given},
            "timings": {},
            "warnings": [],
            "summary": found.outcome.summary,
            "data": found.outcome.data,
            "artifacts": [],
        }
    )

    assert page.count('<section class="panel"') == 200
    assert len(page.encode()) < MOST_BYTES
