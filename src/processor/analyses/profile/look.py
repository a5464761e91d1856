"""A closer look at the values of a column: what they mean, how they are built, and whether they tell of persons.

Looked at are all different values where they are few, else those of a sample of the rows; then a share may be wrong by
`error` at most (four standard deviations, practically never exceeded).
"""

import math
from dataclasses import dataclass

import polars as pl

from processor.analyses.profile.column import Column, has_meanings
from processor.analyses.profile.counts import counted
from processor.analyses.profile.inside import inside_texts
from processor.analyses.profile.meanings import BY_NAME, Pii, of_texts, of_whole_numbers
from processor.analyses.profile.patterns import patterns
from processor.analyses.profile.shapes import TEXTUAL, Shape
from processor.analyses.values import json_value

MOST = 0.5
LEAST = 0.05
_LIKELY = 0.1
_SURE = 0.95
_SIGMAS = 4
_OTHERS = 4

Found = dict[str, object]
# What a code looks like now and then, too: `N` or `T`, or the number of an aircraft. Nearly all values have to fit.
_VAGUE = ("boolean", "postal_code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """Values with their counts, and whether they are all that the column has."""

    counts: pl.DataFrame
    total: int
    exact: bool

    def share(self, count: int) -> Found:
        """A share of all values, labelled."""
        share = count / self.total
        if self.exact:
            return {"share": share, "exact": True}
        error = _SIGMAS * math.sqrt(share * (1 - share) / self.total) + _SIGMAS**2 / self.total
        return {"share": share, "exact": False, "method": "row sample", "error": round(min(1.0, error), 4)}


def values_of(column: Column, sample: pl.DataFrame) -> Values | None:
    """What to look at of a column of texts or whole numbers; None where there is nothing, or it is of another type."""
    if not has_meanings(column):
        return None
    few = column.tally.few()
    exact = few is not None and few.height <= column.room.checks
    counts = few if few is not None and exact else _sampled(column, sample)
    total = int(counts["count"].sum()) if counts is not None else 0
    return Values(counts=counts, total=total, exact=exact) if counts is not None and total else None


def looked_at(one: Found, column: Column, sample: pl.DataFrame) -> Found:
    """A column as it is shown with what a closer look gives, of it and of all that is inside of it."""
    found = one | look(column, sample)
    match found:
        case {"fields": list(fields)}:
            pairs = zip(fields, column.inside, strict=True)
            found["fields"] = [looked_at(field, inner, sample) for field, inner in pairs]
        case {"items": dict(items)}:
            found["items"] = looked_at(items, column.inside[0], sample)
    return found


def look(column: Column, sample: pl.DataFrame) -> Found:
    """The keys `meaning`, `patterns` and `pii` of a column, as far as they apply.

    Args:
        column: all of it was counted.
        sample: rows with the table's top-level columns; those inside of others have drawn their own.
    """
    values = values_of(column, sample)
    if values is None:
        return {}
    if column.shape not in TEXTUAL:
        found = of_whole_numbers(values.counts.cast({"value": pl.Int128}, strict=False))
        # Every tenth number has a right check digit, and many small ones look like years: most have to fit.
        sure = {name: count for name, count in found.items() if count >= _SURE * values.total}
        return _meaning(values, sure) | _pii(values, sure, inside={})
    found = of_texts(values.counts)
    for name in _VAGUE:
        if found[name] < _SURE * values.total:
            found[name] = 0
    built = {"patterns": _patterns(values)} if column.shape is Shape.TEXT else {}
    return _meaning(values, found) | built | _pii(values, found, inside=inside_texts(values.counts))


def _sampled(column: Column, sample: pl.DataFrame) -> pl.DataFrame | None:
    if column.drawn:
        sample = column.drawn.rows
    if column.name not in sample.columns:
        return None
    values = sample.get_column(column.name).drop_nulls()
    # Rows from all over: the first ones would be biased where the file is sorted.
    return counted(values.gather_every(-(-values.len() // column.room.checks) or 1))


def _meaning(values: Values, found: dict[str, int]) -> Found:
    seen = sorted((item for item in found.items() if item[1] >= LEAST * values.total), key=lambda item: -item[1])
    if not seen:
        return {}
    name, count = seen[0]
    others = [{"type": other, **values.share(seldom)} for other, seldom in seen[1 : 1 + _OTHERS]]
    if count < MOST * values.total:
        return {"meaning": {"type": "mixed", "others": [{"type": name, **values.share(count)}, *others]}}
    return {"meaning": {"type": name, **values.share(count), "others": others}}


def _patterns(values: Values) -> Found:
    built = patterns(values.counts)
    shown = [
        {"pattern": json_value(pattern), "count": count, "share": count / values.total}
        for pattern, count in built.head(10).rows()
    ]
    label: Found = {"exact": True} if values.exact else {"exact": False, "method": "row sample"}
    return label | {"distinct": built.height, "values": shown}


def _pii(values: Values, found: dict[str, int], *, inside: dict[str, int]) -> Found:
    least = {Pii.PROVEN: 1, Pii.LIKELY: max(1, math.ceil(_LIKELY * values.total))}
    findings = [
        {"type": name, "where": where, "count": count, **values.share(count)}
        for where, counts in (("value", found), ("inside", inside))
        for name, count in counts.items()
        if name in BY_NAME and count >= least.get(BY_NAME[name].pii, values.total + 1)
    ]
    return {"pii": findings} if findings else {}
