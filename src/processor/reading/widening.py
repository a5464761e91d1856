"""The types of a delimited file after all of it was looked at: what the sample promised and the file did not keep."""

import polars as pl

from processor.reading.plan import Plan
from processor.run import Run


def widened(run: Run, plan: Plan) -> dict[str, pl.DataType]:
    """Find the narrowest types that every value of the number columns fits, in one streaming pass; tell each change."""
    types = dict(plan.schema.types)
    numbers = [name for name, dtype in types.items() if dtype.is_numeric()]
    if not numbers:
        return types
    texts = plan.scan(plan.path, types=dict.fromkeys(types, pl.String()))
    shown = dict(zip(types, plan.names, strict=True))
    checks = []
    for number, name in enumerate(numbers):
        text = pl.col(shown[name]) if not _is_pattern(shown[name]) else pl.nth(list(types).index(name))
        checks += [
            _misfits(text, types[name]).alias(f"{number}_own"),
            _misfits(text, pl.Float64()).alias(f"{number}_float"),
        ]
    found = texts.select(checks).collect(engine="streaming").row(0, named=True)
    for number, name in enumerate(numbers):
        own, floats = found[f"{number}_own"], found[f"{number}_float"]
        if floats:
            types[name] = pl.String()
            run.warn("types", f"Column {shown[name]!r} holds {floats:,} values that are no numbers; read as text.")
        elif own:
            types[name] = pl.Float64()
            run.warn("types", f"Column {shown[name]!r} holds {own:,} values that are not whole; read as decimal.")
    return types


def _misfits(text: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    return (text.is_not_null() & text.cast(dtype, strict=False).is_null()).sum()


def _is_pattern(name: str) -> bool:
    """True for a name that `pl.col` would take for many."""
    return name == "*" or (name.startswith("^") and name.endswith("$"))
