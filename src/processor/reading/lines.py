"""Lines with too many or too few fields, counted over the whole file: Polars cuts and fills them without a word."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from processor.reading.dialect import Dialect
from processor.reading.packing import Unpacked
from processor.reading.plan import Plan
from processor.reading.rewriting import pieces


@dataclass(frozen=True, slots=True, kw_only=True)
class Irregular:
    """How many lines do not have as many fields as there are columns, and the first of them, counted from 1."""

    longer: int
    shorter: int
    first_longer: int | None
    first_shorter: int | None


def count_irregular(plan: Plan) -> Irregular | None:
    """Count in one streaming pass over the lines, or over rows where a quoted field holds a line end.

    None where quotes are not as they should be, so that nobody knows what Polars takes for a row.
    """
    if plan.newline != "\n" or plan.lossy:
        return _count_rows(plan)
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
    return _count_rows(plan) if found.pop("open") else Irregular(**found)


def _count_rows(plan: Plan) -> Irregular | None:
    """Count row by row, some times slower."""
    if plan.comment:
        return None
    count, first = {True: 0, False: 0}, dict[bool, int]()
    try:
        for number, width in _widths(plan):
            if width != len(plan.names):
                longer = width > len(plan.names)
                count[longer] += 1
                first.setdefault(longer, number)
    except csv.Error:
        return None
    return Irregular(
        longer=count[True], shorter=count[False], first_longer=first.get(True), first_shorter=first.get(False)
    )


def _widths(plan: Plan) -> Iterator[tuple[int, int]]:
    """The first line of each row, and how many fields it has; raises `csv.Error` over quotes that are not closed."""
    lines = _Lines(plan)
    reader = plan.dialect.reader(lines, strict=True)
    begin = lines.number
    for row in reader:
        if lines.quotes % 2:
            raise csv.Error  # a quote in a field that is not quoted
        if row:
            yield begin + 1, len(row)
        begin = lines.number


class _Lines:
    """The lines of a plan's file below its preamble.

    Attributes:
        number: of the last that was given, counted from 1.
        quotes: how many of them there were so far.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.number = plan.preamble
        self.quotes = 0

    def __iter__(self) -> Iterator[str]:
        newline, quote, skipped = self._plan.newline.encode(), (self._plan.dialect.quote or '"'), self._plan.preamble
        with Unpacked(self._plan.path, self._plan.packing) as file:
            for piece in pieces(file, newline, quote.encode()):
                texts = piece.removesuffix(newline).decode("utf-8", errors="replace").split(self._plan.newline)
                for text in texts[skipped:]:
                    self.number += 1
                    self.quotes += text.count(quote) if self._plan.dialect.quote else 0
                    yield text
                skipped = max(0, skipped - len(texts))


def _quoted(dialect: Dialect) -> str:
    """A quoted field as Polars sees one: quotes mean something only where they begin a field."""
    quote, delimiter = pl.escape_regex(dialect.quote or '"'), pl.escape_regex(dialect.delimiter)
    return f"(^|{delimiter})(?:{quote}[^{quote}]*{quote}[^{delimiter}{quote}]*)+"
