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


def test_a_line_fits_the_terminal() -> None:
    lines = profile_table(DATA, width=40).splitlines()
    assert [len(line) for line in lines] == [40, 40, 40]
    assert all(line.endswith("…") for line in lines)


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
