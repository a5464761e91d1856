"""The types of a delimited file after all of it was looked at: what the sample promised and the file did not keep."""

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


def widened(run: Run, plan: Plan) -> dict[str, pl.DataType]:
    """Find the narrowest types that every value of the number columns fits, in one streaming pass; tell each change."""
    types = dict(plan.schema.types)
    texts = plan.scan(plan.path, types=dict.fromkeys(types, pl.String()))
    positions = {name: number for number, name in enumerate(types) if types[name].is_numeric()}
    if not positions:
        return types
    found = texts.select(
        [
            _misfits(pl.nth(number), dtype).alias(f"{number} {dtype}")
            for name, number in positions.items()
            for dtype in dict.fromkeys((types[name], pl.Int128(), pl.Float64()))  # no question twice
        ]
        + [_lost(pl.nth(number)).alias(f"{number} lost") for number in positions.values()]
    ).collect(engine="streaming")
    misfits = found.row(0, named=True)
    for name, number in positions.items():
        narrower = types[name]
        careful = narrower.is_integer() and misfits[f"{number} lost"] and not misfits[f"{number} {pl.Float64()}"]
        for wider, what in _CAREFUL if careful else _WIDER:
            count = misfits[f"{number} {narrower}"]
            if not count:
                break
            if wider == pl.String() or not misfits[f"{number} {wider}"]:
                run.warn("types", f"Column {shown(plan.names[number])} holds {count:,} values {what}.")
                types[name] = wider
                break
    return types


def _misfits(text: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    # An empty text between quotes is a missing value of any type but text.
    misfit = text.cast(dtype, strict=False).is_null()
    return (text.is_not_null() & (text != "") & (misfit | is_beyond(text) if dtype.is_float() else misfit)).sum()


def _lost(text: pl.Expr) -> pl.Expr:
    """How many whole numbers would be others as floats."""
    return whole_lost(text.cast(pl.Int128, strict=False)).sum()
