"""The result of `profile` as a table for a terminal."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import ceil
from statistics import fmean
from typing import Any, Final

Column = Mapping[str, Any]

BARS: Final = " ▁▂▃▄▅▆▇█"  # the first is for what is empty
HISTOGRAM_WIDTH: Final = 20
WIDEST_CELL: Final = 22
UNGROUPED: Final = 10_000  # years and other small numbers read better without a comma
DAY: Final = len("2013-01-01")
MINUTE: Final = len("2013-01-01T10:00")
GAP: Final = "  "
UNLIMITED: Final = 1_000_000

HEADINGS: Final = ("column", "type", "nulls", "distinct", "min", "mean", "max", "distribution or most frequent")
ALIGNED_RIGHT: Final = {"nulls", "distinct", "min", "mean", "max"}
LEFT_OUT_FIRST: Final = ("type", "mean", "nulls")  # where the terminal is narrow


def profile_table(data: Mapping[str, Any], *, width: int = UNLIMITED) -> str:
    """A line for each column of the data that was profiled.

    Args:
        data: what the envelope of a profile has under `data`, or a partial result under `result`.
        width: characters that fit into a line.
    """
    rows = [HEADINGS, *(_row(column, int(data["rows"])) for column in data["columns"])]
    widths = [max(len(row[index]) for row in rows) for index in range(len(HEADINGS))]
    shown = _fitting(widths, width)
    lines = (_line(row, widths, shown) for row in rows)
    return "\n".join(line if len(line) <= width else f"{line[: width - 1]}…" for line in lines)


def _fitting(widths: Sequence[int], width: int) -> Sequence[int]:
    """Which columns of the table to show so that a histogram at its end is not cut."""
    shown = list(range(len(HEADINGS)))
    for heading in LEFT_OUT_FIRST:
        if sum(widths[index] + len(GAP) for index in shown[:-1]) + HISTOGRAM_WIDTH <= width:
            break
        shown.remove(HEADINGS.index(heading))
    return shown


def _line(row: Sequence[str], widths: Sequence[int], shown: Sequence[int]) -> str:
    cells = (
        row[index].rjust(widths[index]) if HEADINGS[index] in ALIGNED_RIGHT else row[index].ljust(widths[index])
        for index in shown
    )
    return GAP.join(cells).rstrip()


def _row(column: Column, rows: int) -> tuple[str, ...]:
    return (
        str(column["name"])[:WIDEST_CELL],
        str(column["type"]),
        _share(column.get("nulls"), rows),
        _distinct(column.get("distinct")),
        *(_cell(column.get(name), column) for name in ("min", "mean", "max")),
        _shape(column),
    )


def _share(nulls: int | None, rows: int) -> str:
    return f"{nulls / rows:.1%}" if nulls and rows else ""


def _distinct(distinct: Mapping[str, Any] | None) -> str:
    if not distinct:
        return ""
    return f"{'' if distinct.get('exact') else '≈ '}{int(distinct['value']):,}"


def _cell(value: object, column: Column) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) >= UNGROUPED else f"{value:.2f}"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= UNGROUPED else str(value)
    if column["type"] == "time":
        return _time(str(value), column)
    return str(value)[:WIDEST_CELL]


def _time(value: str, column: Column) -> str:
    """As fine as the column needs it."""
    within_a_day = str(column.get("min"))[:DAY] == str(column.get("max"))[:DAY]
    return value[: MINUTE if within_a_day else DAY].replace("T", " ")


def _shape(column: Column) -> str:
    if histogram := column.get("histogram"):
        return sparkline(histogram["counts"])
    frequent = (column.get("top") or ())[:3]
    return ", ".join(f"{_cell(each['value'], column)} ({each['count']:,})" for each in frequent)


def sparkline(counts: Sequence[int]) -> str:
    """Counts as bars, at most HISTOGRAM_WIDTH of them; what is not empty is never drawn as empty."""
    width = min(len(counts), HISTOGRAM_WIDTH)
    edges = [index * len(counts) // width for index in range(width + 1)] if width else []
    # Means, since neighbouring bars may stand for one bin more or less.
    heights = [fmean(counts[start:stop]) for start, stop in pairwise(edges)]
    highest = max(heights, default=0)
    return "".join(BARS[ceil(height / highest * (len(BARS) - 1))] if highest else BARS[0] for height in heights)
