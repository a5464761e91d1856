"""A column as the result shows it."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Context, Decimal
from typing import Any

import polars as pl

from processor.analyses.profile import hashes, heavy, ranks
from processor.analyses.profile.column import Column
from processor.analyses.profile.gaps import Gap, largest_gap
from processor.analyses.profile.keys import is_shown
from processor.analyses.profile.order import Order
from processor.analyses.profile.params import ProfileParams
from processor.analyses.profile.shapes import RANGED, TEXTUAL, Shape
from processor.analyses.values import json_value, json_values

Shown = dict[str, object]
_DAY_MS = 86_400_000
_LAST_DAY, _ENDLESS = (1 << 31) - 1, 1 << 63
_DIGITS = Context(prec=80)
_STRICT = (Order.STRICTLY_INCREASING, Order.STRICTLY_DECREASING)


def shown(column: Column, params: ProfileParams) -> Shown:
    """The column as JSON; keys that do not apply to its type are absent."""
    head: Shown = {
        "name": column.name,
        "dtype": str(column.dtype),
        "type": column.shape.value,
        "count": column.count,
        "nulls": column.nulls,
    }
    if column.shape is Shape.EMPTY:
        return head
    head |= {"distinct": _distinct(column), "unique": _unique(column)}
    if is_shown(column.dtype):
        head |= {"top": _top(column, params.top_k), "rare": _rare(column, params.top_k)}
    if order := column.steps.order:
        head["order"] = order.value
    return head | _particular(column, params)


def _particular(column: Column, params: ProfileParams) -> Shown:
    """What only columns of this type have."""
    form = _FORMS.get(column.shape)
    return form(column, params) if form else {}


def _text(column: Column, _: ProfileParams) -> Shown:
    blanks = column.blanks
    odd = {"empty": blanks.empty, "blank": blanks.blank, "padded": blanks.padded}
    return _extremes(column) | {"length": _length(column)} | odd


def _number(column: Column, params: ProfileParams) -> Shown:
    return _extremes(column) | _numbers(column) | _spread(column, params)


def _moment(column: Column, params: ProfileParams) -> Shown:
    return _extremes(column) | _mean_time(column) | _spread(column, params) | _time(column)


def _lasting(column: Column, params: ProfileParams) -> Shown:
    return _extremes(column) | _mean_time(column) | _signs(column) | _spread(column, params)


def _binary(column: Column, _: ProfileParams) -> Shown:
    return {"length": _length(column)}


def _list(column: Column, params: ProfileParams) -> Shown:
    return {"length": _length(column), "items": shown(column.inside[0], params)}


def _struct(column: Column, params: ProfileParams) -> Shown:
    return {"fields": [shown(field, params) for field in column.inside]}


def _distinct(column: Column) -> Shown:
    if column.steps.order in _STRICT:
        return {"value": column.count, "exact": True}
    found = column.tally.distinct()
    if found.error is None:
        return {"value": found.value, "exact": True}
    # No estimate may say that there are more different values than there are values.
    return {"value": min(found.value, column.count), "exact": False, "method": hashes.METHOD, "error": found.error}


def _unique(column: Column) -> Shown:
    if column.steps.order in _STRICT:
        return {"value": True, "exact": True}
    if column.tally.repeats():
        return {"value": False, "exact": True}
    if column.tally.few() is not None:
        return {"value": column.count > 0, "exact": True}
    return {"value": True, "exact": False, "method": f"no repetition among the {hashes.METHOD}"}


def _top(column: Column, k: int) -> list[Shown]:
    found = column.tally.top(k)
    exact: Shown = {"exact": True}
    if found.undercount:
        exact = {"exact": False, "method": heavy.METHOD, "undercount": found.undercount}
    return [item | exact for item in _items(found.values)]


def _rare(column: Column, k: int) -> list[Shown]:
    found = column.tally.rare(k)
    return [] if found is None else [item | {"exact": True} for item in _items(found)]


def _items(counts: pl.DataFrame) -> list[Shown]:
    pairs = zip(json_values(counts["value"]), counts["count"], strict=True)
    return [{"value": value, "count": count} for value, count in pairs]


def _extremes(column: Column) -> Shown:
    if column.moments.low is None:
        return {"min": None, "max": None}
    if column.dtype.is_temporal():
        low, high = times(column, [column.moments.low, column.moments.high])
        return {"min": low, "max": high}
    dtype = pl.String() if column.shape in TEXTUAL else column.dtype
    low, high = json_values(pl.Series([column.moments.low, column.moments.high], dtype=dtype))
    return {"min": low, "max": high}


def _length(column: Column) -> Shown:
    lengths = column.lengths
    return {"min": lengths.low, "max": lengths.high, "mean": lengths.total / column.count if column.count else None}


def _mean_time(column: Column) -> Shown:
    if not column.moments.count:
        return {"mean": None, "std": None}
    std = column.moments.std
    spread = None if std is None else _durations(column, [round(std)])[0]
    return {"mean": times(column, [column.moments.nearest_mean])[0], "std": spread}


def _durations(column: Column, physical: list[int]) -> list[object]:
    """As text; None for what is longer than a duration can be."""
    return json_values(_lasting_so_long(column, [number if abs(number) < _ENDLESS else None for number in physical]))


def _lasting_so_long(column: Column, physical: list[int | None]) -> pl.Series:
    # In milliseconds a 64-bit number holds all dates that there are; moments and times keep their own unit.
    match column.dtype:
        case pl.Datetime(time_unit=unit) | pl.Duration(time_unit=unit):
            return pl.Series(physical, dtype=pl.Int64).cast(pl.Duration(unit))
        case pl.Date():
            return pl.Series([number and number * _DAY_MS for number in physical], dtype=pl.Int64).cast(
                pl.Duration("ms")
            )
    return pl.Series(physical, dtype=pl.Int64).cast(pl.Duration("ns"))


def _signs(column: Column) -> Shown:
    return {"zeros": column.moments.zeros, "negatives": column.moments.negatives}


def _numbers(column: Column) -> Shown:
    moments = column.moments
    floats = {"nan": column.nan, "infinite": column.infinite} if column.dtype.is_float() else {}
    figures = {
        "mean": moments.mean if moments.count else None,
        "sum": _sum(column) if moments.count else None,
        "std": moments.std,
        "skewness": moments.skewness,
        "kurtosis": moments.kurtosis,
    }
    return {name: json_value(figure) for name, figure in figures.items()} | _signs(column) | floats


def _sum(column: Column) -> int | float | Decimal:
    """Exact but for floats."""
    whole = column.moments.whole
    if whole is None:
        return column.moments.total
    scale = column.dtype.scale if isinstance(column.dtype, pl.Decimal) else 0
    return Decimal(whole).scaleb(-scale, _DIGITS) if scale else whole


def _spread(column: Column, params: ProfileParams) -> Shown:
    quantiles = column.tally.quantiles(list(params.quantiles))
    histogram = column.tally.histogram(params.histogram_bins)
    if quantiles is None or histogram is None:
        return {}
    named = dict(zip(map(str, params.quantiles), json_values(quantiles.values), strict=True))
    found: Shown = {"exact": True, "values": named}
    if quantiles.error is not None:
        found = {"exact": False, "method": ranks.METHOD, "error": quantiles.error, "values": named}
    is_time = column.shape in RANGED and column.shape is not Shape.NUMBER
    edges = times(column, histogram.edges) if is_time else list(map(json_value, histogram.edges))
    return {"quantiles": found, "histogram": {"edges": edges, "counts": histogram.counts}}


def _time(column: Column) -> Shown:
    """How fine the times are, and their largest gap."""
    if column.granularity is None or not column.count:
        return {}
    step, few = column.granularity.step, column.tally.few()
    found: Shown = {"granularity": column.granularity.name}
    if few is not None and step and few.height:
        physical = few["value"].to_physical().cast(pl.Int64)
        expected = (int(physical.max()) - int(physical.min())) // step + 1  # type: ignore[arg-type]  # not empty
        found |= {"steps": expected, "steps_missing": expected - few.height}
    if gap := _gap(column, few):
        start, end = times(column, [gap.start, gap.end])
        length, error = _durations(column, [gap.end - gap.start, gap.error])
        exact: Shown = {"exact": True} if few is not None else {"exact": False, "method": "fine bins", "error": error}
        found["largest_gap"] = {"from": start, "to": end, "length": length, **exact}
    return found


def _gap(column: Column, few: pl.DataFrame | None) -> Gap | None:
    if few is not None:
        return largest_gap(few["value"])
    found = column.tally.bins().widest_gap()
    return Gap(start=found[0], end=found[1], error=found[2]) if found else None


def times(column: Column, physical: Sequence[Any]) -> list[object]:
    """Physical numbers of a column of times, as text."""
    most = _LAST_DAY if column.dtype == pl.Date else _ENDLESS - 1
    within = [max(-most - 1, min(most, int(number))) for number in physical]
    return json_values(pl.Series(within, dtype=pl.Int64).cast(column.dtype))


_FORMS: Mapping[Shape, Callable[[Column, ProfileParams], Shown]] = {
    Shape.TEXT: _text,
    Shape.CATEGORY: _text,
    Shape.NUMBER: _number,
    Shape.TIME: _moment,
    Shape.DURATION: _lasting,
    Shape.BINARY: _binary,
    Shape.LIST: _list,
    Shape.STRUCT: _struct,
}
