"""A look over a whole delimited file for what is put right before Polars reads it.

That is rare, and every byte must be looked at to know. So both looks share one pass, and that for quotes goes on in a
thread of its own, since Polars' regular expressions do not hold the interpreter. A closer look follows only where this
one found anything.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import polars as pl

from processor.reading.blank_lines import Kept, chunks
from processor.reading.dialect import Dialect
from processor.reading.packing import Unpacked
from processor.reading.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddities:
    """What there may be.

    Attributes:
        quotes: a quote stands where no field begins or ends, or a doubled one where a field seems to end.
        blank: a line has no character, within quotes or without.
    """

    quotes: bool
    blank: bool


def look_over(plan: Plan, *, quotes: bool) -> Oddities:
    """Look over the plan's file, one or two milliseconds a megabyte; with `quotes` for these too."""
    # Within quotes or not is asked where there is a blank line at all.
    kept = Kept(replace(plan, dialect=replace(plan.dialect, quote=None)))
    pattern, found, rest = _odd_quote(plan.dialect), not quotes, ""
    with Unpacked(plan.path, plan.packing) as file, ThreadPoolExecutor(1) as thread:
        for chunk in chunks(file, plan):
            looking: Future[bool] | None = None
            if not found:
                text = rest + chunk.decode("utf-8", errors="replace")
                looking, rest = thread.submit(_has, text, pattern), text[-3:]
            kept.feed(chunk)
            found = found or (looking is not None and looking.result())
            if found and kept.blank:
                break
    return Oddities(quotes=quotes and found, blank=kept.blank > 0)


def _has(text: str, pattern: str) -> bool:
    return bool(pl.Series([text]).str.contains(pattern)[0])


def _odd_quote(dialect: Dialect) -> str:
    """A quote between two characters that are neither quotes nor the end of a field, or two behind one at that end."""
    quote, delimiter = (f"\\x{{{ord(mark):x}}}" for mark in (dialect.quote or '"', dialect.delimiter))
    other = rf"[^{quote}{delimiter}\r\n]"
    return rf"{other}{quote}(?:{other}|{quote}[{delimiter}\r\n])"
