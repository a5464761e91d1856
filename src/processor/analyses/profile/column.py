"""One column of the result: what is counted of it while it streams by, and how that reads as JSON."""

from collections.abc import Mapping

import polars as pl

from processor.analyses.profile import hashes, heavy, ranks
from processor.analyses.profile.counts import finite
from processor.analyses.profile.lengths import Lengths
from processor.analyses.profile.moments import Moments
from processor.analyses.profile.params import ProfileParams
from processor.analyses.profile.shapes import Shape, shape_of
from processor.analyses.profile.tally import Tally
from processor.analyses.profile.values import json_value, json_values


class Column:
    """One column of the table.

    Args:
        name: its name in the result.
        dtype: its type.
    """

    def __init__(self, name: str, dtype: pl.DataType) -> None:
        self.name = name
        self.count = 0
        self.nulls = 0
        self._dtype = dtype
        self._shape = shape_of(dtype)
        self._tally = Tally(dtype)
        self._moments = Moments()
        self._lengths = Lengths()
        self._nan = 0
        self._infinite = 0

    def add(self, piece: pl.Series) -> None:
        """Take one piece of the column into account."""
        self.nulls += piece.null_count()
        self.count += piece.len() - piece.null_count()
        if self._shape is Shape.OTHER or piece.null_count() == piece.len():
            return
        values = piece.drop_nulls() if piece.null_count() else piece
        counts = self._tally.add(values)
        if self._shape is Shape.TEXT:
            self._lengths.add(counts)
            self._moments.extremes(counts["value"])
        elif self._shape is not Shape.BOOLEAN:
            self._moments.add(self._finite(values))

    def as_json(self, params: ProfileParams) -> dict[str, object]:
        """The column as the result shows it; keys that do not apply to its type are absent."""
        shown: dict[str, object] = {
            "name": self.name,
            "dtype": str(self._dtype),
            "type": self._shape.value,
            "count": self.count,
            "nulls": self.nulls,
        }
        if self._shape is Shape.OTHER:
            return shown
        shown |= {"distinct": self._distinct(), "top": self._top(params.top_k)}
        match self._shape:
            case Shape.TEXT:
                return shown | self._extremes() | {"length": self._length()}
            case Shape.BOOLEAN:
                return shown
            case Shape.TIME:
                return shown | self._extremes() | self._mean_time() | self._spread(params)
        return shown | self._extremes() | self._numbers() | self._spread(params)

    def _finite(self, values: pl.Series) -> pl.Series:
        if values.dtype.is_float():
            self._nan += int(values.is_nan().sum())
            self._infinite += int(values.is_infinite().sum())
        return finite(values)

    def _distinct(self) -> dict[str, object]:
        found = self._tally.distinct()
        if found.error is None:
            return {"value": found.value, "exact": True}
        # No estimate may say that there are more different values than there are values.
        return {"value": min(found.value, self.count), "exact": False, "method": hashes.METHOD, "error": found.error}

    def _top(self, k: int) -> list[dict[str, object]]:
        found = self._tally.top(k)
        exact: dict[str, object] = {"exact": True}
        if found.undercount:
            exact = {"exact": False, "method": heavy.METHOD, "undercount": found.undercount}
        values = json_values(found.values["value"])
        return [
            {"value": value, "count": count, **exact}
            for value, count in zip(values, found.values["count"], strict=True)
        ]

    def _extremes(self) -> dict[str, object]:
        if self._moments.low is None:
            return {"min": None, "max": None}
        low, high = json_values(pl.Series([self._moments.low, self._moments.high], dtype=self._dtype))
        return {"min": low, "max": high}

    def _length(self) -> dict[str, object]:
        mean = self._lengths.total / self.count if self.count else None
        return {"min": self._lengths.low, "max": self._lengths.high, "mean": mean}

    def _mean_time(self) -> dict[str, object]:
        if not self._moments.count:
            return {"mean": None}
        return {"mean": self._times([round(self._moments.mean)])[0]}

    def _numbers(self) -> dict[str, object]:
        floats = {"nan": self._nan, "infinite": self._infinite} if self._dtype.is_float() else {}
        return {
            "mean": json_value(self._moments.mean) if self._moments.count else None,
            "std": json_value(self._moments.std),
            "zeros": self._moments.zeros,
            "negatives": self._moments.negatives,
            **floats,
        }

    def _spread(self, params: ProfileParams) -> dict[str, object]:
        quantiles = self._tally.quantiles(list(params.quantiles))
        histogram = self._tally.histogram(params.histogram_bins)
        if quantiles is None or histogram is None:
            return {}
        named = dict(zip(map(str, params.quantiles), json_values(quantiles.values), strict=True))
        shown: dict[str, object] = {"exact": True, "values": named}
        if quantiles.error is not None:
            shown = {"exact": False, "method": ranks.METHOD, "error": quantiles.error, "values": named}
        edges = self._times(histogram.edges) if self._shape is Shape.TIME else list(map(json_value, histogram.edges))
        return {"quantiles": shown, "histogram": {"edges": edges, "counts": histogram.counts}}

    def _times(self, physical: list[int] | list[float]) -> list[object]:
        return json_values(pl.Series([int(number) for number in physical], dtype=pl.Int64).cast(self._dtype))


def scaled(column: Mapping[str, object], factor: float) -> dict[str, object]:
    """A column of a sample with its counts stretched to the whole table; `distinct` stays what was seen."""
    shown = {
        key: round(value * factor) if key in _COUNTS and isinstance(value, int) else value
        for key, value in column.items()
    }
    match shown:
        case {"top": list(top)}:
            shown["top"] = [
                {"value": item["value"], "count": round(item["count"] * factor), "exact": False} for item in top
            ]
    match shown:
        case {"histogram": {"edges": edges, "counts": list(counts)}}:
            shown["histogram"] = {"edges": edges, "counts": [round(count * factor) for count in counts]}
    match shown:
        case {"distinct": {"value": seen}}:
            shown["distinct"] = {"value": seen, "exact": False, "method": "sample"}
    match shown:
        case {"quantiles": {"values": values}}:
            shown["quantiles"] = {"exact": False, "method": "sample", "values": values}
    return shown


_COUNTS = frozenset({"count", "nulls", "zeros", "negatives", "nan", "infinite"})
