import datetime as dt
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from helpers.profiling import profile_file
from processor.analyses.profile import KIND
from processor.analyses.profile.alerts import THRESHOLDS

FEW = list(range(1, 100))
DAYS = [dt.date(2020, 1, day) for day in (1, 2, 3, 9)]
SPEAKING: dict[str, list[Any]] = {
    "all_null": [None, None],
    "many_nulls": [1, None, 2],
    "constant": ["a", "a"],
    "imbalance": ["a"] * 99 + ["b"],
    "unique": ["a", "b"],
    "high_cardinality": [f"key {number}" for number in range(100)] + ["key 1"] * 50,
    "many_zeros": [0, 0, 1],
    "few_negatives": [*FEW, *FEW, -1],
    "nan": [1.0, math.nan],
    "infinite": [1.0, -math.inf],
    "skewed": [1] * 50 + [2] * 50 + [1000],
    "heavy_tails": [1] * 50 + [2] * 50 + [1000],
    "outliers": [*FEW, 10_000],
    "empty_texts": ["", "a"],
    "blank_texts": [" \t", "a"],
    "padded_texts": [" a", "a"],
    "long_texts": ["x" * 10_000],
    "empty_lists": [[], [1]],
    "placeholder_words": ["N/A", "a"],
    "placeholder_numbers": [*FEW, *[-999] * 9],
    "placeholder_dates": [dt.date(1900, 1, 1), dt.date(2020, 1, 1)],
    "numbers_as_text": ["1", "2.5", "3.25"],
    "dates_as_text": ["2020-01-02", "2020-01-03"],
    "booleans_as_text": ["yes", "no"],
    "impure": ["2020-01-02"] * 19 + ["soon"],
    "personal_data": ["a@b.de", "x"],
    "missing_steps": DAYS,
}
SILENT: dict[str, list[Any]] = {
    "many_nulls": [1, 2, 3, 4, 5, None],
    "constant": ["a"],
    "imbalance": ["a"] * 9 + ["b"],
    "many_zeros": [0, 1, 2],
    "few_negatives": [-1, 2],
    "skewed": FEW,
    "outliers": FEW,
    "placeholder_numbers": FEW,
    "numbers_as_text": ["1", "a", "b"],
    "missing_steps": DAYS[:3],
    "personal_data": ["a", "b"],
}


def codes_of(folder: Path, values: Sequence[Any], **params: object) -> dict[str, dict[str, Any]]:
    path = folder / "data.parquet"
    pl.DataFrame({"c": values}, strict=False).write_parquet(path)
    alerts = profile_file(path, **params).outcome.data["alerts"]
    assert isinstance(alerts, list)
    return {alert["code"]: alert for alert in alerts}


@pytest.mark.parametrize("code", SPEAKING)
def test_each_alert_speaks_where_it_should(tmp_path: Path, code: str) -> None:
    alert = codes_of(tmp_path, SPEAKING[code])[code]

    assert alert["columns"] == ["c"]
    assert abs(alert["value"]) >= alert["threshold"] == THRESHOLDS[code]
    assert alert["message"].endswith(".")
    assert "'c'" in alert["message"]
    assert "{" not in alert["message"]


@pytest.mark.parametrize("code", SILENT)
def test_each_alert_is_silent_below_its_threshold(tmp_path: Path, code: str) -> None:
    assert code not in codes_of(tmp_path, SILENT[code])


def test_every_alert_about_a_column_is_tested() -> None:
    of_tables = {"no_rows", "duplicate_rows", "correlated", "missing_together"}

    assert SPEAKING.keys() == THRESHOLDS.keys() - of_tables


def test_a_threshold_can_be_set(tmp_path: Path) -> None:
    assert "many_nulls" not in codes_of(tmp_path, SPEAKING["many_nulls"], thresholds={"many_nulls": 0.5})
    assert "many_zeros" in codes_of(tmp_path, SILENT["many_zeros"], thresholds={"many_zeros": 0.3})


def test_an_unknown_alert_is_refused() -> None:
    with pytest.raises(ValidationError, match="many_nulls"):
        KIND.params.model_validate({"thresholds": {"no_such": 1}})


def test_tables_have_alerts_too(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    nulls = [None if number % 5 == 0 else number for number in range(50)]
    frame = pl.DataFrame({"a": range(50), "b": range(0, 100, 2), "n": nulls, "m": nulls})
    pl.concat([frame, frame.head(1)]).write_parquet(path)

    data = profile_file(path).outcome.data

    found = {(alert["code"], tuple(alert["columns"])) for alert in data["alerts"]}  # type: ignore[attr-defined]  # a list
    assert ("duplicate_rows", ()) in found
    assert ("correlated", ("b", "a")) in found
    assert ("missing_together", ("n", "m")) in found
    assert data["duplicates"] == {"rows": 1, "share": 1 / 51, "exact": True, "method": "row hashes of 64 bits"}


def test_an_empty_table_has_an_alert(tmp_path: Path) -> None:
    assert codes_of(tmp_path, []).keys() == {"no_rows"}
