"""The report of a profile: all columns in a table, then each with its figures, its histogram and its values."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from processor.report import report_of
from processor.report.text import moment, number, plain, share

SHOWN_ELSEWHERE: Final = frozenset(
    {"name", "dtype", "type", "top", "rare", "histogram", "quantiles", "meaning", "patterns", "items", "fields"}
)
LONG: Final = (list, tuple)
LONGEST_END: Final = 15  # characters under one end of a histogram
INSIDE: Final = ("Place", "Type", "Values", "Missing", "Distinct", "Means", "From", "To", "Mean", "Most frequent")
MOST_INSIDE: Final = 100  # lines about what is inside of a column
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

    Large numbers come as text and have no room there: for them it is how large they are.
    """
    if column["type"] != "number":
        return column["min"], column["max"]
    return _short(column["min"]), _short(column["max"])


def _short(end: object) -> object:
    return f"≈ {float(end):.5g}" if isinstance(end, str) and len(end) > LONGEST_END else end


def frequent(column: Mapping[str, Any]) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """The values that are listed, `top` and `rare`: none where each is there once, which `unique` says."""
    if all(item["count"] == 1 for item in column.get("top", ())):
        return {"top": (), "rare": ()}
    return {"top": column["top"][:10], "rare": column.get("rare", ())[:5]}


def inside(column: Mapping[str, Any]) -> list[list[object]]:
    """A line for each column inside of a list or a struct, however deep."""
    return [_line(path, each) for path, each in islice(_within(column, ""), MOST_INSIDE)]


def _within(column: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    inner = [("[]", column["items"])] if "items" in column else []
    inner += [(f".{field['name']}", field) for field in column.get("fields", ())]
    for step, each in inner:
        yield path + step, each
        yield from _within(each, path + step)


def _line(path: str, column: Mapping[str, Any]) -> list[object]:
    [shown] = readable([column])
    count, top = shown["count"], frequent(shown)["top"][:1]
    long = {end: f"{number(length)} long" for end, length in shown.get("length", {}).items() if length is not None}
    return [
        path,
        shown["dtype"],
        count,
        shown["nulls"],
        figures(shown, 0).get("distinct", ""),
        shown.get("meaning", {}).get("type", ""),
        shown.get("min", long.get("min", "")),
        shown.get("max", long.get("max", "")),
        shown.get("mean", long.get("mean", "")),
        f"{plain(top[0]['value'])} ({share(top[0]['count'] / count)})" if top else "",
    ]


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
    frequent=frequent,
    inside=inside,
    headings_inside=lambda: INSIDE,
    ends_of=ends_of,
    readable=readable,
    example_rows=example_rows,
)
