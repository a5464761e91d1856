"""The columns of two tables: which belong together, and as what their values are compared."""

from collections.abc import Collection

import polars as pl

from common.errors import ParamsError
from processor.analyses.compare.exact import common_whole
from processor.analyses.compare.kept import kept_type
from processor.analyses.compare.moments import common_time, counted_in
from processor.analyses.compare.pair import Pair
from processor.analyses.compare.params import CompareParams
from processor.reading.names import shown

_MOST_DIGITS = 38


def pairs(left: pl.Schema, right: pl.Schema, params: CompareParams) -> list[Pair]:
    """The columns to compare, in the left table's order.

    Raises:
        ParamsError: a column that was asked for is not in both tables.
    """
    for place, names in (("keys", params.keys or []), ("columns", params.columns or [])):
        for number, name in enumerate(names):
            for side, schema in (("left", left), ("right", right)):
                if name not in schema:
                    raise ParamsError(
                        f"The {side} table has no column {shown(name)}.",
                        pointer=f"/params/{place}/{number}",
                        advice="Names are case-sensitive.",
                    )
    keys = set(params.keys or ())
    wanted = (set(params.columns) if params.columns is not None else set(left)) - set(params.ignore) | keys
    return [_pair(name, left[name], right[name], params, keys) for name in left if name in right and name in wanted]


def _pair(name: str, left: pl.DataType, right: pl.DataType, params: CompareParams, keys: Collection[str]) -> Pair:
    dtype = common_type(kept_type(left), kept_type(right))
    return Pair(
        name=name,
        left=left,
        right=right,
        dtype=dtype,
        whole=_whole(left, right, dtype),
        unit=counted_in(left, right, dtype),
        closeness=params.closeness(name),
        is_key=name in keys,
    )


def _whole(left: pl.DataType, right: pl.DataType, common: pl.DataType) -> pl.DataType | None:
    """What numbers are compared as exactly where their common type rounds them; else None."""
    if left == right or common != pl.Float64:
        return None
    whole = common_whole(left, right)
    return None if whole == pl.Float64 else whole


def common_type(left: pl.DataType, right: pl.DataType) -> pl.DataType:
    """The type that values of both are compared as; text, or the bytes of it, where they are of different sorts."""
    if left == right:
        return left
    if pl.Binary in (left, right):
        return pl.Binary()
    if left.is_numeric() and right.is_numeric():
        return _common_number(left, right)
    return common_time(left, right) or pl.String()


def _common_number(left: pl.DataType, right: pl.DataType) -> pl.DataType:
    """A type that holds every value of both; where there is none, floats, which are rough (see `Pair.whole`)."""
    if left.is_float() or right.is_float():
        return pl.Float64()
    if left.is_integer() and right.is_integer():
        if pl.UInt128 in {left, right}:
            return pl.UInt128() if left.is_unsigned_integer() and right.is_unsigned_integer() else pl.Float64()
        wide = (pl.UInt64, pl.Int128)
        return pl.Int128() if left in wide or right in wide else pl.Int64()
    scale = max(getattr(left, "scale", 0), getattr(right, "scale", 0))
    fits = scale + max(_whole_digits(left), _whole_digits(right)) <= _MOST_DIGITS
    return pl.Decimal(_MOST_DIGITS, scale) if fits else pl.Float64()


def _whole_digits(dtype: pl.DataType) -> int:
    """How many digits before the point a value may have."""
    if isinstance(dtype, pl.Decimal):
        return (dtype.precision or _MOST_DIGITS) - dtype.scale
    return 20 if dtype not in {pl.Int128, pl.UInt128} else 39


def _compared_as(left: pl.DataType, right: pl.DataType) -> str:
    common = common_type(kept_type(left), kept_type(right))
    return str(common) if _whole(left, right, common) is None else "exact number"


def schema_difference(left: pl.Schema, right: pl.Schema) -> dict[str, object]:
    """What differs between the columns of the tables, as the result shows it."""
    both = [name for name in left if name in right]
    types = [
        {
            "column": name,
            "left": str(left[name]),
            "right": str(right[name]),
            "compared_as": _compared_as(left[name], right[name]),
        }
        for name in both
        if left[name] != right[name]
    ]
    return {
        "only_left": [name for name in left if name not in right],
        "only_right": [name for name in right if name not in left],
        "types": types,
        "same_order": both == [name for name in right if name in left],
    }
