"""The types of a delimited file after all of it was looked at: what the sample promised and the file did not keep."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

import polars as pl

from processor.reading.names import shown
from processor.reading.plan import Plan
from processor.reading.precision import is_beyond, whole_lost
from processor.run import Run

_WIDER = (
    (pl.Int128(), "beyond 64 bits; read as 128-bit integers"),
    (pl.Float64(), "that are not whole; read as decimal"),
    (pl.String(), "that are no numbers, or too large; read as text"),
)
_CAREFUL = (
    (pl.Int128(), "beyond 64 bits; read as 128-bit integers"),
    (pl.String(), "that are not whole, beside whole numbers that floats do not hold; read as text"),
)


def widened(run: Run, plan: Plan, *, kept: AbstractSet[str]) -> dict[str, pl.DataType]:
    """The types of the columns that do not keep what the sample promised, after a look at all values; each is told.

    Args:
        run: is told.
        plan: how the file is read.
        kept: columns whose types are not up for change.
    """
    types = {name: dtype for name, dtype in plan.schema.types.items() if name not in kept}
    positions = {name: number for number, name in enumerate(plan.schema.types)}
    return _wider_numbers(run, plan, {positions[name]: types[name] for name in types if types[name].is_numeric()}) | (
        _spoiled(run, plan, [positions[name] for name in types if _is_neither(plan, name)])
    )


def _wider_numbers(run: Run, plan: Plan, numbers: Mapping[int, pl.DataType]) -> dict[str, pl.DataType]:
    """The narrowest types that every value of the number columns fits, where they are not the present ones."""
    if not numbers:
        return {}
    found = _texts(plan).select(
        [
            _misfits(pl.nth(number), dtype).alias(f"{number} {dtype}")
            for number, present in numbers.items()
            for dtype in dict.fromkeys((present, pl.Int128(), pl.Float64()))  # no question twice
        ]
        + [_lost(pl.nth(number)).alias(f"{number} lost") for number in numbers]
    )
    misfits = found.collect(engine="streaming").row(0, named=True)
    names = list(plan.schema.types)
    changed: dict[str, pl.DataType] = {}
    for number, present in numbers.items():
        count = misfits[f"{number} {present}"]
        careful = present.is_integer() and misfits[f"{number} lost"] and not misfits[f"{number} {pl.Float64()}"]
        for wider, what in _CAREFUL if careful else _WIDER:
            if count and (wider == pl.String() or not misfits[f"{number} {wider}"]):
                run.warn("types", f"Column {shown(plan.names[number])} holds {count:,} values {what}.")
                changed[names[number]] = wider
                break
    return changed


def _is_neither(plan: Plan, name: str) -> bool:
    """Whether a column is neither of text nor of plain numbers."""
    dtype = plan.schema.types[name]
    styled = name in plan.schema.numbers or name in plan.schema.moments
    return styled or not (dtype.is_numeric() or dtype == pl.String)


def _spoiled(run: Run, plan: Plan, positions: list[int]) -> dict[str, pl.DataType]:
    """Columns of dates, times, truth values and numbers of a style of their own, among which are others: as text."""
    if not positions:
        return {}
    names = list(plan.schema.types)
    read = plan.scan(plan.path, tolerant=True).select(pl.nth(positions).null_count())
    missing = _texts(plan).select(_is_missing(pl.nth(number), plan, names[number]).sum() for number in positions)
    found = [frame.row(0) for frame in pl.collect_all([read, missing], engine="streaming")]
    changed: dict[str, pl.DataType] = {}
    for number, unread, absent in zip(positions, *found, strict=True):
        if unread > absent:
            what = f"holds {unread - absent:,} values of another type; read as text."
            run.warn("types", f"Column {shown(plan.names[number])} {what}")
            changed[names[number]] = pl.String()
    return changed


def _texts(plan: Plan) -> pl.LazyFrame:
    return plan.scan(plan.path, types=dict.fromkeys(plan.schema.types, pl.String()))


def _is_missing(text: pl.Expr, plan: Plan, name: str) -> pl.Expr:
    style = plan.schema.numbers.get(name)
    return text.is_null() | text.is_in(["", *(style.nulls if style else ())])


def _misfits(text: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    # An empty text between quotes is a missing value of any type but text.
    misfit = text.cast(dtype, strict=False).is_null()
    return (text.is_not_null() & (text != "") & (misfit | is_beyond(text) if dtype.is_float() else misfit)).sum()


def _lost(text: pl.Expr) -> pl.Expr:
    """How many whole numbers would be others as floats."""
    return whole_lost(text.cast(pl.Int128, strict=False)).sum()
