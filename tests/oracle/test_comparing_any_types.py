"""Pairs of columns of any two types, compared by `compare` and by exact arithmetic of Python.

Both columns draw their values from a few numbers, times, texts ..., each that its type holds, so that equal values of
different types meet often.
"""

import datetime as dt
import math
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import polars as pl
from hypothesis import given, note, settings
from hypothesis import strategies as st

from helpers.checking import compare

INTEGERS: Final = [
    pl.Int8(), pl.Int16(), pl.Int32(), pl.Int64(), pl.Int128(),
    pl.UInt8(), pl.UInt16(), pl.UInt32(), pl.UInt64(), pl.UInt128(),
]  # fmt: skip
FLOATS: Final = [pl.Float32(), pl.Float64()]
DECIMALS: Final = [pl.Decimal(38, 0), pl.Decimal(10, 2), pl.Decimal(38, 2), pl.Decimal(38, 30)]
ZONES: Final = ["UTC", "Europe/Berlin", "Asia/Kathmandu"]
UNITS: Final[list[Any]] = ["ms", "us", "ns"]
NAIVE: Final = [pl.Date(), *(pl.Datetime(unit) for unit in UNITS)]
ZONED: Final = [pl.Datetime(unit, zone) for unit in UNITS for zone in ZONES]
DURATIONS: Final = [pl.Duration(unit) for unit in UNITS]
TEXTS: Final = [pl.String(), pl.Categorical(), pl.Enum(["", "a", "A", " a", "1", "61", "true", "1970-01-02"])]
INNER: Final = [
    pl.Int8(), pl.Float64(), pl.Decimal(38, 2), pl.String(), pl.Binary(), pl.Boolean(), pl.Time(),
    pl.Date(), pl.Datetime("ns"), pl.Datetime("ms"), pl.Datetime("us", "UTC"), pl.Duration("ns"), pl.Categorical(),
]  # fmt: skip
LISTS: Final = [pl.List(inner) for inner in INNER]
STRUCTS: Final = [pl.Struct({"a": inner, "b": pl.List(pl.Struct({"c": inner}))}) for inner in INNER]
ARRAYS: Final = [pl.Array(inner, 2) for inner in INNER]
SORTS: Final[dict[str, Sequence[pl.DataType]]] = {
    "number": [*INTEGERS, *FLOATS, *DECIMALS],
    "naive": NAIVE,
    "zoned": ZONED,
    "duration": DURATIONS,
    "time": [pl.Time()],
    "text": TEXTS,
    "bytes": [pl.Binary()],
    "boolean": [pl.Boolean()],
    "nested": [*LISTS, *STRUCTS, *ARRAYS],
    "null": [pl.Null()],
}
SORT_OF: Final = {dtype: sort for sort, dtypes in SORTS.items() for dtype in dtypes}

DAY: Final = 86_400 * 10**9
NUMBERS: Final = [
    *(sign * number for number in (0, 1, 2, 3, 100, 2**24 + 1, 2**53, 2**53 + 1, 10**10) for sign in (1, -1)),
    *(2**bits - less for bits in (7, 8, 15, 16, 31, 32, 63, 64, 127, 128) for less in (0, 1)),
    *(-(2**bits) for bits in (7, 15, 31, 63, 127)),
    *map(Decimal, ("0.1", "0.01", "-0.1", "0.5", "0.10000000000000001", "1e-30", "9e37", "-9e37", "1e23", "1.05")),
]
SPECIAL: Final = [math.nan, math.inf, -math.inf, -0.0, 5e-324, 1.7e308, -1.7e308]
TIMES: Final = [
    *(0, 1, -1, 999, 1000, -1000, 1001, 10**6, 10**9, DAY, -DAY, DAY + 1, 365 * DAY, -719_163 * DAY, 3_000_000 * DAY),
    *(
        2**63 - 1,
        -(2**63) + 1,
        10**15 * 10**6,
        10**17 * 10**6,
        -(10**17) * 10**6,
        (2**63 - 1) * 10**6,
        (2**31 - 1) * DAY,
    ),
]
WORDS: Final = ["", "a", "A", " a", "1", "61", "true", "1970-01-02"]
NANOSECONDS: Final = {"ms": 10**6, "us": 10**3, "ns": 1}


def held(dtype: pl.DataType, pool: Sequence[Any]) -> list[Any]:
    """Those of the pool that a type holds: exactly, and no other for them; of times as counts of the type's unit."""
    return [found for value in pool if (found := as_held(dtype, value)) is not None]


def as_held(dtype: pl.DataType, value: Any) -> Any:
    if isinstance(value, str):
        return value.encode() if dtype == pl.Binary else value
    return number_held(dtype, value) if dtype.is_numeric() else count_held(dtype, value)


def number_held(dtype: pl.DataType, value: Any) -> Any:
    if dtype.is_float():
        rounded = pl.Series([float(value)], dtype=dtype)[0]
        return rounded if not math.isinf(rounded) or math.isinf(value) else None
    if isinstance(value, float):
        return None
    if isinstance(dtype, pl.Decimal):
        digits = Fraction(value) * 10**dtype.scale
        return Decimal(value) if digits.denominator == 1 and abs(digits) < 10 ** (dtype.precision or 38) else None
    low, high = pl.select(low=dtype.min(), high=dtype.max()).row(0)  # type: ignore[attr-defined]  # integers have both
    return int(value) if value == int(value) and low <= value <= high else None


def count_held(dtype: pl.DataType, nanoseconds: int) -> int | None:
    if dtype == pl.Time:
        return nanoseconds if 0 <= nanoseconds < DAY else None
    unit, bits = (DAY, 31) if dtype == pl.Date else (NANOSECONDS[getattr(dtype, "time_unit", "")], 63)
    count, rest = divmod(nanoseconds, unit)
    return count if rest == 0 and abs(count) < 2**bits else None


def pool_of(dtype: pl.DataType) -> list[Any]:
    if dtype.is_numeric():
        return held(dtype, [*NUMBERS, *(SPECIAL if dtype.is_float() else [])])
    if dtype.is_temporal():
        return held(dtype, TIMES)
    return [True, False] if dtype == pl.Boolean else held(dtype, WORDS)


def series(values: Sequence[Any], dtype: pl.DataType) -> pl.Series:
    """A column; times are given as counts, and types in it are cast from the types of these."""
    return pl.Series(values, dtype=physical(dtype)).cast(dtype) if values else pl.Series([], dtype=dtype)


def physical(dtype: Any) -> pl.DataType:
    match dtype:
        case pl.List():
            return pl.List(physical(dtype.inner))
        case pl.Array():
            return pl.Array(physical(dtype.inner), dtype.size)
        case pl.Struct():
            return pl.Struct({field.name: physical(field.dtype) for field in dtype.fields})
        case pl.Date():
            return pl.Int32()
        case _ if dtype.is_temporal():
            return pl.Int64()
    return pl.String() if isinstance(dtype, pl.Categorical | pl.Enum) else dtype


@st.composite
def values_of(draw: st.DrawFn, dtype: Any, few: Sequence[int]) -> Any:
    """A value; `few` says which of the pool may come, the same for both columns."""
    match dtype:
        case pl.Null():
            return None
        case pl.List():
            return draw(st.none() | st.lists(values_of(dtype.inner, few), max_size=2))
        case pl.Array():
            return draw(st.none() | st.lists(values_of(dtype.inner, few), min_size=2, max_size=2))
        case pl.Struct():
            return draw(
                st.none() | st.fixed_dictionaries({one.name: values_of(one.dtype, few) for one in dtype.fields})
            )
    pool = pool_of(dtype)
    return draw(st.none() | st.sampled_from([pool[place % len(pool)] for place in few]) | st.sampled_from(pool))


@st.composite
def two_columns(draw: st.DrawFn, sorts: Sequence[str]) -> tuple[pl.DataType, list[Any], pl.DataType, list[Any]]:
    """Two columns of as many values, of one sort more often than of two, many equal to what the other column holds."""
    first = draw(st.sampled_from(sorts))
    second = draw(st.just(first) | st.sampled_from(sorts))
    left = draw(st.sampled_from(SORTS[first]))
    right = draw(st.just(left) | st.sampled_from(SORTS[second]) | st.sampled_from(SORTS[second]))
    few = draw(st.lists(st.integers(0, 63), min_size=1, max_size=3))
    before = draw(st.lists(values_of(left, few), max_size=6))
    after = [draw(values_of(right, few)) for _ in before]
    same = draw(st.lists(st.booleans(), min_size=len(before), max_size=len(before)))
    if left == right and draw(st.booleans()):
        after = [old if is_same else new for old, new, is_same in zip(before, after, same, strict=True)]
    return left, before, right, after


def canonical(value: Any, dtype: Any, other: pl.DataType) -> object:
    """What is equal for two values where `docs/kinds/compare.md` says that they are."""
    if value is None:
        return None
    sort, others = SORT_OF[dtype], SORT_OF[other]
    if sort == others:
        return of_a_sort(value, dtype, other)
    text = as_text(value, dtype)
    if "bytes" in {sort, others}:
        text = text.encode() if isinstance(text, str) else text
    return text if text is not None else (sort, "equals nothing of another sort")


def of_a_sort(value: Any, dtype: Any, other: pl.DataType) -> object:
    if SORT_OF.get(dtype) == "nested":
        # As JSON; with bytes in one and none in the other no value is.
        return (has_bytes(dtype) and not has_bytes(other), nested(value, dtype))
    if dtype.is_float():
        return of_float(value, dtype, other)
    if dtype.is_numeric():
        return Fraction(value)
    return nanoseconds(value, dtype) if dtype.is_temporal() else value


def of_float(value: float, dtype: pl.DataType, other: pl.DataType) -> object:
    if not math.isfinite(value):
        return str(value)
    # Beside a decimal, a float stands for the shortest decimal that reads as it.
    return Fraction(pl.Series([value], dtype=dtype).cast(pl.String)[0]) if other.is_decimal() else Fraction(value)


def has_bytes(dtype: pl.DataType) -> bool:
    return "Binary" in str(dtype)


def nested(value: Any, dtype: Any) -> object:
    match dtype:
        case _ if value is None:
            return None
        case pl.List() | pl.Array():
            return [nested(one, dtype.inner) for one in value]
        case pl.Struct():
            return {field.name: nested(value[field.name], field.dtype) for field in dtype.fields}
    text = as_text(value, dtype) if dtype in TEXTS or dtype == pl.Date else None
    return text if isinstance(text, str) else (str(dtype), repr(value + 0.0 if dtype.is_float() else value))


def nanoseconds(value: int, dtype: pl.DataType) -> int:
    if dtype == pl.Date:
        return value * DAY
    return value * NANOSECONDS[getattr(dtype, "time_unit", "ns")]


def as_text(value: Any, dtype: pl.DataType) -> str | bytes | None:
    """The text, where it is one that texts of these tests may be."""
    if isinstance(value, bool):
        return str(value).lower()
    if dtype.is_integer():
        return str(value)
    if isinstance(dtype, pl.Decimal):
        return f"{value:.{dtype.scale}f}"
    if dtype == pl.Date and abs(value) < 1000:
        return (dt.date(1970, 1, 1) + dt.timedelta(value)).isoformat()
    return value if isinstance(value, str | bytes) else None


def is_close(left: Any, right: Any, types: tuple[pl.DataType, pl.DataType], absolute: float, relative: float) -> Any:
    """Whether two values are close enough; None where rounding decides."""
    if left is None or right is None or SORT_OF[types[0]] != SORT_OF[types[1]]:
        return False
    if all(dtype.is_temporal() for dtype in types):
        apart = Fraction(abs(nanoseconds(left, types[0]) - nanoseconds(right, types[1])), 10**9)
        return apart <= Fraction(absolute)
    if not all(dtype.is_numeric() for dtype in types) or not (math.isfinite(left) and math.isfinite(right)):
        return False
    exact = [Fraction(str(canonical(left, *types))), Fraction(str(canonical(right, *types[::-1])))]
    apart, allowed = abs(exact[0] - exact[1]), Fraction(absolute) + Fraction(relative) * abs(exact[1])
    is_float = any(dtype.is_float() for dtype in types)
    scale = max(apart, allowed, *(map(abs, exact) if is_float else ()))
    return None if abs(apart - allowed) <= scale / 2**49 and apart != allowed else apart <= allowed


def frame(values: Sequence[Any], dtype: pl.DataType, *, is_large: bool) -> pl.DataFrame:
    """A table with the column and a key; a large one is cut into shards."""
    column = series(values, dtype)
    text = "x" * (200_000 // max(1, len(values)) if is_large else 1)
    return pl.DataFrame({"k": range(len(values)), "v": column, "pad": [text] * len(values)})


@settings(max_examples=50, deadline=None)
@given(columns=two_columns([*SORTS]), size=st.sampled_from([*["small"] * 9, "large"]))
def test_columns_of_any_types_have_the_same_rows_where_their_values_are_equal(
    columns: tuple[pl.DataType, list[Any], pl.DataType, list[Any]], size: str
) -> None:
    left, before, right, after = columns
    is_large = size == "large"
    truth = [
        [canonical(value, dtype, other) for value in values]
        for values, dtype, other in ((before, left, right), (after, right, left))
    ]
    unequal = sum(one != other for one, other in zip(*truth, strict=True))
    counted = [Counter(map(repr, side)) for side in truth]
    note(f"{left} and {right}: {truth}")
    tables = [frame(values, dtype, is_large=is_large) for values, dtype in ((before, left), (after, right))]
    with TemporaryDirectory() as folder:
        given: dict[str, Any] = {"memory_mb": 1 if is_large else 1024, "ignore": ["pad"]}
        keyed = compare(Path(folder), *tables, keys=["k"], **given).data
        whole = compare(Path(folder), *tables, **(given | {"ignore": ["pad", "k"]})).data
        by_value = compare(Path(folder), *tables, keys=["v"], **(given | {"drift": False})).data

    assert (keyed["changed"], keyed["same_rows"]) == (unequal, unequal == 0)
    assert keyed["identical"] == (unequal == 0 and left == right)
    assert whole["matched"] == by_value["matched"] == (counted[0] & counted[1]).total()
    assert whole["same_rows"] == (counted[0] == counted[1])
    assert whole["identical"] == (counted[0] == counted[1] and left == right)


@settings(max_examples=90, deadline=None)
@given(
    columns=two_columns(["number", "number", "naive", "zoned", "duration", "time", "text"]),
    absolute=st.sampled_from([0.0, 1e-9, 1e-6, 0.001, 0.1, 1.0, 86_400.0, 1e18, 1e38]),
    relative=st.sampled_from([0.0, 1e-9, 0.1, 1.0, 1.9, 3.0]),
)
def test_values_of_any_types_are_close_where_they_are(
    columns: tuple[pl.DataType, list[Any], pl.DataType, list[Any]], absolute: float, relative: float
) -> None:
    left, before, right, after = columns
    judged = [
        canonical(one, left, right) == canonical(other, right, left)
        or is_close(one, other, (left, right), absolute, relative)
        for one, other in zip(before, after, strict=True)
    ]
    note(f"{left} and {right}: {before}, {after}: {judged}")
    tables = [frame(values, dtype, is_large=False) for values, dtype in ((before, left), (after, right))]
    with TemporaryDirectory() as folder:
        data = compare(Path(folder), *tables, keys=["k"], absolute=absolute, relative=relative, drift=False).data

    assert judged.count(False) <= data["changed"] <= len(judged) - judged.count(True)
    assert data["same_rows"] == (data["changed"] == 0)
