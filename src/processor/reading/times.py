"""Dates, times and moments in columns of text: what Polars reads, what needs a style, and what stays text."""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from processor.reading.moments import FINE, LEAP_SECOND, LIKE_MOMENTS, STYLES, MomentStyle
from processor.reading.questions import EACH, Texts

_ISO_DATE = r"^\d{4}-\d{2}-\d{2}"
_LIKE_TIMES = r"^(\d{4}-\d{2}-\d{2}($|[T ]\d{2}:)|\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """What was found.

    Attributes:
        types: of the columns that Polars reads by itself.
        styles: of those that it does not.
        unsure_dates: columns with dates or times that are not all in ISO form, or beside other values.
        unsure_moments: columns of moments too fine, or too far away, for a type.
        leap_seconds: columns of moments, some of which are in a second 60.
    """

    types: Mapping[str, pl.DataType]
    styles: Mapping[str, MomentStyle]
    unsure_dates: tuple[str, ...]
    unsure_moments: tuple[str, ...]
    leap_seconds: tuple[str, ...]


def times_of(texts: Texts, guesses: Mapping[str, pl.DataType], others: Iterable[str]) -> Times:
    """Decide on them.

    Args:
        texts: the values without empty ones.
        guesses: what Polars takes columns of times for, by column.
        others: columns that it takes for text.
    """
    plain = _read_by_polars(texts, guesses)
    fine = texts.some(
        [name for name, guess in plain.items() if isinstance(guess, pl.Datetime)], EACH.str.contains(FINE)
    )
    left = [name for name in guesses if name not in plain]
    odd = texts.every([*left, *others], EACH.str.contains(LIKE_MOMENTS))
    styles = _styles(texts, [*fine, *odd])
    types = {name: guess for name, guess in plain.items() if name not in fine}
    moments = [*styles, *_moments_of(types)]
    untyped = [name for name in (*left, *others) if name not in styles and name not in fine]
    like = texts.answers(untyped, EACH.str.contains(_LIKE_TIMES).sum() * 2 > EACH.count())
    return Times(
        types=types,
        styles=styles,
        unsure_dates=tuple(name for name in untyped if like[name] or name in guesses),
        unsure_moments=tuple(name for name in fine if name not in styles),
        leap_seconds=tuple(texts.some(moments, EACH.str.contains(LEAP_SECOND))),
    )


def _moments_of(types: Mapping[str, pl.DataType]) -> list[str]:
    return [name for name, dtype in types.items() if isinstance(dtype, pl.Datetime)]


def _read_by_polars(texts: Texts, guesses: Mapping[str, pl.DataType]) -> dict[str, pl.DataType]:
    """The columns of which it reads every value, none of which may be otherwise than ISO 8601 has it.

    It reads 01/02/2020 as the first of February without a word.
    """
    clocks = [name for name, guess in guesses.items() if guess == pl.Time]
    iso = texts.every([name for name in guesses if name not in clocks], EACH.str.contains(_ISO_DATE))
    wanted = {name: guesses[name] for name in (*clocks, *iso)}
    if not wanted:
        return {}
    # Its parser of text files is not the one of its expressions, and differs from it in what it takes.
    written = io.BytesIO()
    texts.of(wanted).frame.write_csv(written, include_header=False, quote_style="always")
    read = pl.read_csv(written.getvalue(), schema=wanted, has_header=False, null_values=[""], ignore_errors=True)
    present, found = texts.answers(wanted, EACH.count()), read.select(EACH.count()).row(0, named=True)
    return {name: wanted[name] for name in guesses if name in wanted and found[name] == present[name]}


def _styles(texts: Texts, names: list[str]) -> dict[str, MomentStyle]:
    found: dict[str, MomentStyle] = {}
    for style in STYLES:
        like = texts.every([name for name in names if name not in found], EACH.str.contains(style.pattern))
        read = texts.of(like).frame.select(style.converted(EACH, strict=False)) if like else pl.DataFrame()
        present = texts.answers(like, EACH.count())
        found |= {name: style for name in like if read[name].count() == present[name]}
    return found
