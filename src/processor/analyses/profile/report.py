"""The report of a profile: all columns in a table, then each with its figures, its histogram and its values."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from processor.report import report_of
from processor.report.text import number, share

SHOWN_ELSEWHERE: Final = frozenset(
    {"name", "dtype", "type", "top", "rare", "histogram", "quantiles", "meaning", "patterns"}
)
LONG: Final = (list, tuple)


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


def patterns(column: Mapping[str, Any]) -> list[dict[str, object]]:
    """The shapes of a column's texts with their counts."""
    return [{"value": found["pattern"], "count": found["count"]} for found in column["patterns"]["values"][:10]]


REPORT = report_of(Path(__file__).with_name("report.html"), figures=figures, patterns=patterns)
