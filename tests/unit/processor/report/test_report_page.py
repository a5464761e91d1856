"""The page of a profile: one file, without script, whatever the data says."""

import csv
import math
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from helpers.envelopes import envelope_of
from helpers.page_of import PageOf
from helpers.recording_run import RecordingRun
from processor.analyses.profile.report import REPORT, ends_of
from processor.report import keep_report

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; DROP TABLE task; --",
    "{{ 7 * 7 }}{% raw %}",
    "</style><svg onload=alert(1)>",
    "javascript:alert(1)",
    "\u202egnp.exe",
)


def table(path: Path, columns: dict[str, list[Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


def page_of(envelope: dict[str, Any]) -> PageOf:
    return PageOf(REPORT(envelope))


def elements_of_a_harmless_page(folder: Path) -> set[str]:
    return page_of(envelope_of(table(folder / "harmless.csv", {"a": ["x", "y", "y"], "b": [1, 2, 4]}))).tags


def test_names_and_values_of_the_data_are_text_and_nothing_else(tmp_path: Path) -> None:
    harmless = elements_of_a_harmless_page(tmp_path)
    path = table(tmp_path / "hostile.csv", {name: [*HOSTILE, name] for name in HOSTILE} | {"number": list(range(8))})
    envelope = envelope_of(path)
    envelope["inputs"]["data"]["filename"] = HOSTILE[0]
    envelope["warnings"] = [{"code": text, "message": text} for text in HOSTILE]
    page = page_of(envelope)

    assert page.tags <= harmless | {"ul", "li"}
    assert not any(name.startswith("on") for name in page.attributes)
    assert all(target.startswith("#c") for target in page.values("href"))
    assert page.values("src") == []
    for text in HOSTILE[:-1]:
        assert text in page.text
    assert "\u202e" not in page.text
    assert "\\u202egnp.exe" in page.text


@given(st.text())
def test_no_text_becomes_an_element(text: str) -> None:
    envelope: dict[str, Any] = {
        "kind": "profile",
        "version": "1",
        "engine": {"polars": text},
        "inputs": {"data": {"filename": text, "sha256": text, "bytes": 1, "rows": 1}},
        "timings": {},
        "warnings": [{"code": text, "message": text}],
        "summary": {text: text},
        "data": {"rows": 0, "columns": []},
        "artifacts": [{"name": text, "bytes": 1, "media_type": text}],
    }
    plain = envelope | {"engine": {"polars": "x"}, "warnings": [{"code": "x", "message": "x"}]}

    assert page_of(envelope).tags == page_of(plain).tags


def test_it_needs_nothing_from_outside_and_forbids_scripts(tmp_path: Path) -> None:
    page = page_of(envelope_of(table(tmp_path / "a.csv", {"a": [1, 2, 3]})))

    assert "default-src 'none'" in next(value for value in page.values("content") if "src" in value)
    assert page.tags.isdisjoint({"script", "link", "iframe", "object", "img", "base", "form"})


def test_it_says_what_was_found_and_where_it_comes_from(tmp_path: Path) -> None:
    page = page_of(envelope_of(table(tmp_path / "trees.csv", {"kind": ["oak", "elm", "oak"], "height": [12, 7, 20]})))

    for words in ("trees.csv", "oak", "66.7 %", "height", "mean 13", "0" * 64, "profile version 1"):
        assert words in page.text
    assert page.values("lang") == ["en"]
    assert [label for label in page.values("aria-label") if "Histogram" in label]


def test_a_histogram_ends_with_the_least_and_the_greatest_value_though_its_last_bin_is_wider(tmp_path: Path) -> None:
    envelope = envelope_of(table(tmp_path / "days.csv", {"day": [*range(1, 32)] * 4}))

    assert envelope["data"]["columns"][0]["histogram"]["edges"][-1] > 31
    assert '<div class="ends"><span>1</span><span>31</span></div>' in REPORT(envelope)
    assert "Histogram of 16 bins from 1 to 31" in REPORT(envelope)


def test_numbers_too_long_for_the_end_of_an_axis_are_rounded_there(tmp_path: Path) -> None:
    path = tmp_path / "far.parquet"
    pl.DataFrame({"far": pl.Series([2**100, 2**101], dtype=pl.Int128)}).write_parquet(path)
    shown = REPORT(envelope_of(path)).split('<div class="ends">')[1].split("</div>")[0]

    assert str(2**100) not in shown
    assert "e+30" in shown


def test_hundreds_of_columns_are_listed_and_the_first_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "very-wide.parquet"
    pl.DataFrame({f"c{number}": [number] for number in range(310)}).write_parquet(path)
    page = page_of(envelope_of(path))

    assert "c309" in page.text
    assert "The first 300 columns are shown in detail" in page.text
    assert {name for name in page.values("id") if name.startswith("c")} == {f"c{place}" for place in range(1, 301)}


def test_a_table_without_rows_has_a_report(tmp_path: Path) -> None:
    path = tmp_path / "nothing.parquet"
    pl.DataFrame(schema={"a": pl.Int64, "b": pl.String}).write_parquet(path)

    assert "no rows" in page_of(envelope_of(path)).text


def test_a_report_that_cannot_be_made_costs_a_warning_and_not_the_result(tmp_path: Path) -> None:
    run = RecordingRun(tmp_path)
    keep_report(run, REPORT, {"kind": "profile"})

    assert run.codes == {"report_failed"}
    assert run.artifacts == {}


def test_times_and_years_are_written_as_a_person_writes_them_and_texts_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "times.parquet"
    texts = [f"{year}-05-05T10:00:00.000000" for year in range(2001, 2013)]
    pl.DataFrame({"text": texts, "year": range(2001, 2013)}).with_columns(
        at=pl.col("text").str.to_datetime().dt.replace_time_zone("UTC")
    ).write_parquet(path)
    text = page_of(envelope_of(path)).text

    assert "2001-05-05 10:00Z" in text
    assert "2012-05-05 10:00Z" in text
    assert "2001-05-05T10:00:00.000000 " in text
    assert "2001-05-05T10:00:00.000000+00:00" not in text
    assert "2,001" not in text


def page_of_frame(folder: Path, frame: pl.DataFrame) -> PageOf:
    path = folder / "table.parquet"
    frame.write_parquet(path)
    return page_of(envelope_of(path))


def test_what_is_inside_of_a_column_has_a_table_of_its_own(tmp_path: Path) -> None:
    orders = [[{"sku": "S1", "lines": [1.5, 2.5]}, {"sku": "S1", "lines": []}], [], None]
    page = page_of_frame(tmp_path, pl.DataFrame({"orders": orders}))

    for said in ("[].sku", "[].lines[]", "S1 (100 %)"):
        assert said in page.text
    assert "name: items" not in page.text


def test_examples_of_nested_values_are_values(tmp_path: Path) -> None:
    pairs = pl.Series("pair", [[1.5, math.inf], None], dtype=pl.Array(pl.Float64, 2))
    weights = pl.Series("weight", [[{"key": "a", "value": 0.5}], []]).cast(pl.Map(pl.String, pl.Float64))
    page = page_of_frame(tmp_path, pl.DataFrame([pairs, weights]))

    assert '[1.5, "Infinity"]' in page.text
    assert '{"a": 0.5}' in page.text
    assert "(Map" not in page.text


def test_values_that_come_once_each_are_not_listed_as_the_frequent_ones(tmp_path: Path) -> None:
    once = page_of_frame(tmp_path, pl.DataFrame({"id": [f"customer {number}" for number in range(30)]}))
    twice = page_of_frame(tmp_path, pl.DataFrame({"id": ["customer 7", *(f"customer {one}" for one in range(30))]}))

    assert "customer 7" not in once.text
    assert "customer 7" in twice.text


def test_ends_of_an_axis_that_have_no_room_are_told_by_their_size() -> None:
    edges = ["4611686018427387904", "9223372036854775807"]
    column = {"type": "number", "min": edges[0], "max": 7, "histogram": {"edges": edges, "counts": [2]}}

    assert ends_of(column) == ("≈ 4.6117e+18", 7)
