"""What in a profile deserves a look, by rules over the finished figures."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from processor.analyses.profile.rules import RULES, Column

Data = Mapping[str, Any]
Alert = dict[str, object]
_NAME_LENGTH = 80
TABLE_RULES: Mapping[str, float] = {"no_rows": 0, "duplicate_rows": 0, "correlated": 0.95, "missing_together": 0.9}
THRESHOLDS: Mapping[str, float] = {rule.code: rule.threshold for rule in RULES} | dict(TABLE_RULES)


def alerts(data: Data, thresholds: Mapping[str, float]) -> list[Alert]:
    """All alerts of a result: those of the table first, then column by column.

    Args:
        data: the result, without alerts.
        thresholds: those that the caller wants otherwise.
    """
    limits = {**THRESHOLDS, **thresholds}
    return [*_of_table(data, limits), *(alert for column in data["columns"] for alert in _of(column, data, limits))]


def _of(column: Column, data: Data, limits: Mapping[str, float]) -> Iterator[Alert]:
    for rule in RULES:
        value, limit = rule.measure(column, data["rows"]), limits[rule.code]
        # The thresholds of what should not be there at all are zero: a single one is told.
        if value is None or not (value >= limit if limit else value > 0):
            continue
        message = rule.sentence.format(name=_named(column["name"]), value=f"{value:,.4g}", percent=_percent(value))
        yield _alert(rule.code, [column["name"]], (value, limit), message, level=rule.level)


def _of_table(data: Data, limits: Mapping[str, float]) -> Iterator[Alert]:
    if not data["rows"]:
        yield _alert("no_rows", [], (0, limits["no_rows"]), "The table has no rows.")
    duplicates, limit = data.get("duplicates") or {"share": 0, "rows": 0}, limits["duplicate_rows"]
    # An estimate within its own error of zero is no finding.
    if duplicates["share"] > limit and duplicates["rows"] > duplicates.get("error", 0):
        words = f"{duplicates['rows']:,} rows ({_percent(duplicates['share'])}) repeat an earlier one."
        yield _alert("duplicate_rows", [], (duplicates["share"], limit), words)
    yield from _of_pairs(data, limits)


def _of_pairs(data: Data, limits: Mapping[str, float]) -> Iterator[Alert]:
    told: set[frozenset[str]] = set()
    for pair in (data.get("correlations") or {}).get("strongest", ()):
        names, limit = pair["columns"], limits["correlated"]
        if abs(pair["value"]) >= limit and frozenset(names) not in told:
            told.add(frozenset(names))
            words = f"{_named(names[0])} and {_named(names[1])} go together: {pair['measure']} {pair['value']:.3f}."
            yield _alert("correlated", names, (pair["value"], limit), words, level="info")
    for pair in (data.get("missing") or {}).get("together", ()):
        names, limit = pair["columns"], limits["missing_together"]
        if pair["overlap"] >= limit:
            words = f"{_named(names[0])} and {_named(names[1])} are missing together ({_percent(pair['overlap'])})."
            yield _alert("missing_together", names, (pair["overlap"], limit), words, level="info")


def _alert(
    code: str, columns: Sequence[str], measured: tuple[float, float], message: str, level: str = "warning"
) -> Alert:
    value, threshold = measured
    found = {"code": code, "level": level, "columns": list(columns)}
    return found | {"value": value, "threshold": threshold, "message": message}


def _named(name: str) -> str:
    return repr(name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 1]}…")


def _percent(share: float) -> str:
    return "less than 0.1 %" if 0 < share < 0.001 else f"{share:.1%}".replace("%", " %")
