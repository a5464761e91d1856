"""How large a report becomes."""

from pathlib import Path

import polars as pl

from helpers.profiling import Profiled, profile_file
from processor.analyses.profile.report import REPORT

MOST_BYTES = 2_000_000


def report_of(found: Profiled) -> str:
    given = {"filename": "data.parquet", "bytes": 1, "rows": 2_000, "sha256": "0" * 64}
    return REPORT(
        {
            "kind": "profile",
            "version": "3",
            "engine": {},
            "inputs": {"data": given},
            "timings": {},
            "warnings": [],
            "summary": found.outcome.summary,
            "data": found.outcome.data,
            "artifacts": [],
        }
    )


def test_the_report_of_200_columns_stays_below_two_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    numbers = pl.int_range(2_000, eager=True)
    texts = {f"text {n}": (numbers * (n + 1) % 1_999).cast(pl.String) + f" of a longer text {n}" for n in range(100)}
    pl.DataFrame({f"n{n}": (numbers * (n + 7) % 1_987) * 0.37 for n in range(100)} | texts).write_parquet(path)
    page = report_of(profile_file(path))

    assert page.count('<section class="panel"') == 200
    assert len(page.encode()) < MOST_BYTES


def test_of_many_alerts_the_first_are_shown_and_the_rest_unfolds(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pl.DataFrame({f"same {n}": [n] * 100 for n in range(30)}).write_parquet(path)
    found = profile_file(path)

    shown, folded = report_of(found).split("</details>")[0].split("<details>")

    alerts = found.outcome.data["alerts"]
    assert isinstance(alerts, list)
    assert len(alerts) >= 30
    assert shown.split('id="alerts"')[1].count("<li>") == 12
    assert f"<summary>{len(alerts) - 12} more</summary>" in folded
    assert folded.count("<li>") == len(alerts) - 12
