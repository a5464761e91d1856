"""What Polars takes the columns of a delimited file for, from pieces of it."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from processor.reading.columns import check_count
from processor.reading.plan import Plan
from processor.reading.sample import Sample
from processor.run import Run

_WIDEST = 38  # digits of a whole number in 128 bits


def typed_sample(run: Run, plan: Plan, seen: Sample) -> tuple[pl.DataFrame, dict[str, pl.DataType]]:
    """The sample as text, and what Polars takes a thin part of it for; of the head alone where the spots do not fit."""
    newline, quote = plan.newline.encode(), plan.dialect.quote
    head = seen.lines(newline)
    options = {**plan.options(), "truncate_ragged_lines": True, "encoding": "utf8-lossy"}
    nulls = [*plan.nulls, ""]
    names = pl.read_csv(head, infer_schema=False, n_rows=0, **options).columns
    check_count(len(names))
    untold = False
    for text, thin in ((seen.spread(newline, quote), seen.thin(newline, quote)), (head, head)):
        try:
            texts = pl.read_csv(text, infer_schema=False, **options, null_values=list(plan.nulls) or None)
        except pl.exceptions.PolarsError:
            continue  # quotes, which are mended where the whole is read
        try:
            return texts, _guesses(thin, texts, {**options, "null_values": nulls})
        except pl.exceptions.PolarsError:
            untold = True
    if untold:
        run.warn("types", "The types of the columns could not be told; all are read as text.")
    return pl.DataFrame(schema=dict.fromkeys(names, pl.String())), dict.fromkeys(names, pl.String())


def _guesses(thin: bytes, texts: pl.DataFrame, options: Mapping[str, Any]) -> dict[str, pl.DataType]:
    """What Polars takes the columns for; those with digits beyond its widest numbers are no question to it."""
    beyond = texts.select((pl.all().str.len_bytes() > _WIDEST) & pl.all().str.contains(r"^[+-]?\d+$")).select(
        pl.all().any()
    )
    known = {name: pl.String() for name in texts.columns if beyond[name][0]}
    # An empty text between quotes is missing too, where it is no text.
    # What Polars takes for a time, and cannot read then, is a matter of that column: the scan finds it.
    typed = pl.read_csv(
        thin,
        infer_schema_length=None,
        try_parse_dates=True,
        ignore_errors=True,
        schema_overrides=known or None,
        **options,
    ).schema
    return {name: typed[name] for name in texts.columns}
