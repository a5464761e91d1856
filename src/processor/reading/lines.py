"""Lines with too many or too few fields, counted over the whole file: Polars cuts and fills them without a word."""

from dataclasses import dataclass

import polars as pl

from processor.reading.dialect import Dialect
from processor.reading.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Irregular:
    """How many lines do not have as many fields as there are columns, and the first of them, counted from 1."""

    longer: int
    shorter: int
    first_longer: int | None
    first_shorter: int | None


def count_irregular(plan: Plan) -> Irregular | None:
    """Count in one streaming pass over the lines; None where lines are not rows (a quoted field holds a line end)."""
    if plan.newline != "\n" or plan.lossy:
        return None
    text = pl.col("line")
    if plan.comment:
        text = pl.when(~text.str.starts_with(plan.comment)).then(text).otherwise(pl.lit(""))  # nothing of it counts
    fields = text
    quotes = pl.lit(value=False)
    if plan.dialect.quote:
        quotes = text.str.count_matches(plan.dialect.quote, literal=True) % 2 == 1
        fields = text.str.replace_all(_quoted(plan.dialect), "${1}")
    width = fields.str.count_matches(plan.dialect.delimiter, literal=True) + 1
    blank = text.str.strip_chars("\r") == ""
    number = pl.col("number")
    row = ~blank & (number > plan.preamble)
    longer = row & (width > len(plan.names))
    shorter = row & (width < len(plan.names))
    found = (
        pl.scan_lines(plan.path, name="line", row_index_name="number", row_index_offset=1, glob=False)
        .select(
            open=quotes.sum(),
            longer=longer.sum(),
            shorter=shorter.sum(),
            first_longer=number.filter(longer).min(),
            first_shorter=number.filter(shorter).min(),
        )
        .collect(engine="streaming")
        .row(0, named=True)
    )
    if found.pop("open"):
        return None
    return Irregular(**found)


def _quoted(dialect: Dialect) -> str:
    """A quoted field as Polars sees one: quotes mean something only where they begin a field."""
    quote, delimiter = pl.escape_regex(dialect.quote or '"'), pl.escape_regex(dialect.delimiter)
    return f"(^|{delimiter})(?:{quote}[^{quote}]*{quote}[^{delimiter}{quote}]*)+"
