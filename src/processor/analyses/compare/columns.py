"""The columns of two tables: which belong together, and as what their values are compared."""

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from common.errors import ParamsError
from processor.analyses.compare.exact import as_exact_text, as_hashed, common_whole
from processor.analyses.compare.params import Closeness, CompareParams
from processor.reading.schema import shown
from processor.writing.nested import leaves, rebuild

_NESTED = (pl.List, pl.Array, pl.Struct)
_MOST_DIGITS = 38
_UNITS = ("ms", "us", "ns")
_TEXTS = (pl.String, pl.Categorical, pl.Enum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A column that both tables have.

    Attributes:
        dtype: what its values are compared as; where `whole` is given, only roughly.
        whole: of numbers that no type holds all of, what they are compared as exactly (`compare.exact`); else None.
        is_key: it says which rows belong together.
    """

    name: str
    left: pl.DataType
    right: pl.DataType
    dtype: pl.DataType
    whole: pl.DataType | None
    closeness: Closeness
    is_key: bool

    @property
    def place(self) -> str:
        """Its name in kept tables: one that no pattern of Polars begins with."""
        return f"v {self.name}"

    def value(self, place: str | None = None, *, strict: bool = True) -> pl.Expr:
        """The value as it is compared, of a kept column."""
        value = pl.col(place or self.place).cast(self.dtype, strict=strict)
        if self.dtype == pl.String:
            value = value.str.strip_chars() if self.closeness.ignore_spaces else value
            value = value.str.to_lowercase() if self.closeness.ignore_case else value
        return value

    def same(self, place: str | None = None) -> pl.Expr:
        """What is equal for two values where they are; of a kept column."""
        place = place or self.place
        return self.value(place) if self.whole is None else as_exact_text(pl.col(place), self.whole)

    def order(self) -> list[pl.Expr]:
        """What kept values are put in order by: the same for the same values, and near for near ones."""
        return [self.value()] if self.whole is None else [self.value(), self.same()]

    def hashed(self) -> pl.Expr:
        """What is hashed of a kept column: 1, 1.0 and a decimal 1 are the same.

        Not strict: types that the first rows promised may turn out otherwise.
        """
        if self.whole is not None:
            return as_hashed(pl.col(self.place))
        value = self.value(strict=False)
        return value.cast(pl.Float64) if self.dtype.is_numeric() else value


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
        closeness=params.closeness(name),
        is_key=name in keys,
    )


def _whole(left: pl.DataType, right: pl.DataType, common: pl.DataType) -> pl.DataType | None:
    """What numbers are compared as exactly where their common type rounds them; else None."""
    if left == right or common != pl.Float64:
        return None
    whole = common_whole(left, right)
    return None if whole == pl.Float64 else whole


def kept(name: str, position: int, dtype: pl.DataType, *, wanted: pl.DataType) -> pl.Expr:
    """A column as it is kept: nested values as JSON, bytes as hex, everything else as it is.

    Durations that are compared with what is none are ISO 8601.
    """
    value = pl.nth(position)
    if dtype in _NESTED:
        value = pl.when(value.is_not_null()).then(_json(value, dtype))
    elif isinstance(dtype, pl.Duration) and wanted == pl.String:
        value = value.dt.to_string("iso")
    elif dtype == pl.Binary:
        value = value.bin.encode("hex")
    elif dtype in _TEXTS:
        value = value.cast(pl.String)
    return value.alias(f"v {name}")


def _json(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Nested values as JSON, in which NaN and infinity are words, and bytes are hex."""
    inside = leaves(dtype)
    plain = _encoded(rebuild(value, dtype, _hex) if pl.Binary() in inside else value)
    if not any(leaf.is_float() for leaf in inside):
        return plain
    spelt = _encoded(rebuild(value, dtype, lambda leaf, of: leaf.cast(pl.String) if of.is_float() else _hex(leaf, of)))
    # JSON would say null of them, so a text with more nulls than the one with words has lost some.
    nulls = (text.str.count_matches("null", literal=True) for text in (plain, spelt))
    return pl.when(next(nulls) == next(nulls)).then(plain).otherwise(spelt)


def _encoded(value: pl.Expr) -> pl.Expr:
    return pl.struct(value.alias("value")).struct.json_encode()


def _hex(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    return value.bin.encode("hex") if dtype == pl.Binary else value


def kept_type(dtype: pl.DataType) -> pl.DataType:
    """The type of a column as it is kept."""
    return pl.String() if dtype in (*_NESTED, *_TEXTS, pl.Binary) else dtype


def common_type(left: pl.DataType, right: pl.DataType) -> pl.DataType:
    """The type that values of both are compared as; text where they are of different sorts."""
    if left == right:
        return left
    if left.is_numeric() and right.is_numeric():
        return _common_number(left, right)
    return _common_time(left, right) or pl.String()


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


def _common_time(left: pl.DataType, right: pl.DataType) -> pl.DataType | None:
    if isinstance(left, pl.Duration) and isinstance(right, pl.Duration):
        return max(left, right, key=lambda each: _UNITS.index(each.time_unit))
    if _is_day_or_time(left) and _is_day_or_time(right):
        return pl.Datetime("us")
    if isinstance(left, pl.Datetime) and isinstance(right, pl.Datetime) and left.time_zone and right.time_zone:
        return pl.Datetime("us", "UTC")
    return None


def _is_day_or_time(dtype: pl.DataType) -> bool:
    return dtype == pl.Date or (isinstance(dtype, pl.Datetime) and dtype.time_zone is None)


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
