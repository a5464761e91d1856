"""The report of a profile: all columns in a table, then each with its figures, its histogram and its values."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from processor.report import report_of
from processor.report.text import moment, number, share

SHOWN_ELSEWHERE: Final = frozenset(
    {"name", "dtype", "type", "top", "rare", "histogram", "quantiles", "meaning", "patterns"}
)
LONG: Final = (list, tuple)
LONGEST_END: Final = 15  # characters under one end of a histogram
# `Datetime(us, UTC)` says what `Datetime(time_unit='us', time_zone='UTC')` does.
UNIT: Final = re.compile(r", time_zone=None|time_\w+=|'")


def readable(columns: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The columns with times and years as a person writes them; the rest as it is."""
    return [_written(column, form) if (form := _form_of(column)) else column for column in columns]


def example_rows(data: Mapping[str, Any]) -> list[list[object]]:
    """The rows of the examples, written as their columns are."""
    forms = [_form_of(column) for column in data["columns"]]
    return [
        [value if form is None or value is None else form(value) for value, form in zip(row, forms, strict=False)]
        for row in data["examples"]["rows"]
    ]


def figures(column: Mapping[str, Any], rows: int) -> dict[str, object]:
    """The single figures of a column, as they are shown."""
    shown = {key: value for key, value in column.items() if key not in SHOWN_ELSEWHERE and not isinstance(value, LONG)}
    if rows:
        shown["nulls"] = f"{number(column['nulls'])} ({share(column['nulls'] / rows)})"
    match column.get("distinct"):
        case {"exact": True, "value": value}:
            shown["distinct"] = number(value)
        case {"value": value, "error": error}:
            shown["distinct"] = f"{number(value)} ± {share(error)}"
    match column.get("unique"):
        case {"value": bool(value), "exact": bool(exact)}:
            shown["unique"] = ("" if exact else "probably ") + ("yes" if value else "no")
    return shown


def ends_of(column: Mapping[str, Any]) -> tuple[object, object]:
    """What stands at the ends of a histogram's axis: the least and the greatest value. The last bin may end beyond.

    Large numbers come as text and have no room there: for them it is the ends of the bins.
    """
    edges, ends = column["histogram"]["edges"], (column["min"], column["max"])
    is_long = column["type"] == "number" and any(isinstance(end, str) and len(end) > LONGEST_END for end in ends)
    return (edges[0], edges[-1]) if is_long else ends


def _form_of(column: Mapping[str, Any]) -> Callable[[object], str] | None:
    if column["type"] == "time":
        return moment
    return str if (column.get("meaning") or {}).get("type") == "year" else None


def _written(column: Mapping[str, Any], form: Callable[[object], str]) -> dict[str, Any]:
    shown = dict(column)
    if form is moment:
        shown |= {"dtype": UNIT.sub("", column["dtype"]), "mean": column["mean"] and form(column["mean"])}
    for key in ("min", "max"):
        if shown.get(key) is not None:
            shown[key] = form(shown[key])
    for key in ("top", "rare"):
        if shown.get(key):
            shown[key] = [{**item, "value": form(item["value"])} for item in shown[key]]
    if shown.get("quantiles"):
        values = shown["quantiles"]["values"]
        shown["quantiles"] = {**shown["quantiles"], "values": {name: form(value) for name, value in values.items()}}
    if shown.get("histogram"):
        shown["histogram"] = {**shown["histogram"], "edges": [form(edge) for edge in shown["histogram"]["edges"]]}
    if shown.get("largest_gap"):
        gap = shown["largest_gap"]
        shown["largest_gap"] = {**gap, "from": form(gap["from"]), "to": form(gap["to"])}
    return shown


def patterns(column: Mapping[str, Any]) -> list[dict[str, object]]:
    """The shapes of a column's texts with their counts."""
    return [{"value": found["pattern"], "count": found["count"]} for found in column["patterns"]["values"][:10]]


REPORT = report_of(
    Path(__file__).with_name("report.html"),
    figures=figures,
    patterns=patterns,
    ends_of=ends_of,
    readable=readable,
    example_rows=example_rows,
)
