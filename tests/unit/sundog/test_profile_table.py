import pytest

from sundog.profile_table import profile_table, sparkline

DATA = {
    "rows": 1000,
    "columns": [
        {
            "name": "delay",
            "dtype": "Int64",
            "type": "number",
            "count": 900,
            "nulls": 100,
            "distinct": {"value": 1234, "exact": False, "method": "hll", "error": 0.02},
            "min": -5,
            "max": "9007199254740993",
            "mean": 12.639,
            "histogram": {"edges": [0, 1, 2], "counts": [1, 8]},
        },
        {
            "name": "carrier",
            "dtype": "String",
            "type": "text",
            "count": 1000,
            "nulls": 0,
            "distinct": {"value": 2, "exact": True},
            "top": [{"value": "AA", "count": 700}, {"value": "B6", "count": 300}],
        },
    ],
}


def test_each_column_has_a_line_under_the_headings() -> None:
    headings, delay, carrier = profile_table(DATA).splitlines()
    assert headings.split("  ")[0] == "column"
    assert delay.split() == ["delay", "number", "10.0%", "≈", "1,234", "-5", "12.64", "9007199254740993", "▁█"]
    assert carrier.split() == ["carrier", "text", "2", "AA", "(700),", "B6", "(300)"]


def test_a_narrow_terminal_gets_fewer_columns_and_no_longer_lines() -> None:
    lines = profile_table(DATA, width=72).splitlines()
    assert max(len(line) for line in lines) <= 72
    assert lines[0].split()[:4] == ["column", "nulls", "distinct", "min"]
    assert lines[1].endswith("▁█")
    assert profile_table(DATA, width=20).splitlines()[0].endswith("…")


@pytest.mark.parametrize(
    ("greatest", "shown"), [("2026-01-01T17:05:00", "2026-01-01 17:05"), ("2026-02-01T17:05:00", "2026-02-01")]
)
def test_times_are_as_fine_as_they_need_to_be(greatest: str, shown: str) -> None:
    times = {"name": "at", "type": "time", "min": "2026-01-01T00:00:00", "max": greatest}
    assert profile_table({"rows": 1, "columns": [times]}).splitlines()[1].endswith(shown)


def test_columns_without_anything_are_shown_all_the_same() -> None:
    empty = {"rows": 0, "columns": [{"name": "x", "dtype": "Null", "type": "other", "count": 0, "nulls": 0}]}
    assert profile_table(empty).splitlines()[1].split() == ["x", "other"]


@pytest.mark.parametrize(
    ("counts", "bars"),
    [
        ([], ""),
        ([0, 0], "  "),
        ([1, 0, 1000], "▁ █"),
        ([5], "█"),
        ([1] * 40, "█" * 20),
        ([7] * 21, "█" * 20),
    ],
)
def test_a_histogram_becomes_bars_and_nothing_small_disappears(counts: list[int], bars: str) -> None:
    assert sparkline(counts) == bars
