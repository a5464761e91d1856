"""The types of delimited columns, from a sample that is spread over the file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from processor.reading.column_types import as_guessed, mostly_numbers, numbers_in_disguise
from processor.reading.digits import digits_of
from processor.reading.marks import marks_of
from processor.reading.missing import with_empty, without_empty, words_of
from processor.reading.moments import MomentStyle
from processor.reading.numbers import NumberStyle
from processor.reading.questions import Texts
from processor.reading.times import times_of
from processor.reading.wishes import Wishes

_TEXT = pl.String()


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """Types by the names that Polars gives the columns, and the decisions behind them.

    Attributes:
        types: type by column, in the file's order.
        markers: by column, the text that stands for a missing value.
        unsure_dates: columns of text with dates or times not all in ISO form: day and month may be in any order.
        mixed: columns of text that hold numbers or truth values, and others.
        numbers: columns that are scanned as text and made numbers of a style of their own.
        unsure_numbers: columns of text that are numbers in more than one style (`1,234`), so nobody knows which.
        leading_zeros: columns of text that are digits, some of them behind a zero (`01067`), which numbers would lose.
        leading_plus: columns of text that are long digits behind a `+`, as telephones are.
        moments: columns that are scanned as text and made moments of a style of their own.
        unsure_moments: columns of text that are moments too fine, or too far away, for a type.
        leap_seconds: columns of moments, some of which are in a second 60.
        long_numbers: columns of text that are numbers of more digits than floats keep apart.
        rounded: columns of floats, some of which have more digits than a float keeps, and how many do.
    """

    types: Mapping[str, pl.DataType]
    markers: Mapping[str, str] = field(default_factory=dict)
    unsure_dates: tuple[str, ...] = ()
    mixed: tuple[str, ...] = ()
    numbers: Mapping[str, NumberStyle] = field(default_factory=dict)
    unsure_numbers: tuple[str, ...] = ()
    leading_zeros: tuple[str, ...] = ()
    leading_plus: tuple[str, ...] = ()
    moments: Mapping[str, MomentStyle] = field(default_factory=dict)
    unsure_moments: tuple[str, ...] = ()
    leap_seconds: tuple[str, ...] = ()
    long_numbers: tuple[str, ...] = ()
    rounded: Mapping[str, int] = field(default_factory=dict)


def infer(sample: pl.DataFrame, guesses: Mapping[str, pl.DataType], wishes: Wishes | None = None) -> Schema:
    """Decide on types.

    Args:
        sample: the sample with every column as text.
        guesses: what Polars takes a part of it for, dates tried.
        wishes: what the caller said.
    """
    wishes = wishes or Wishes()
    raw = Texts(sample)
    texts = without_empty(raw)
    filled = texts.filled([name for name in guesses if name not in wishes.dtypes])
    types = {**guesses, **dict.fromkeys(filled, _TEXT), **wishes.dtypes}
    types |= as_guessed(texts, {name: guesses[name] for name in filled})

    clocks = {name: guesses[name] for name in filled if guesses[name].is_temporal()} | _wished_moments(guesses, wishes)
    times = times_of(texts, clocks, [name for name in _texts_of(types, filled) if name not in clocks])
    types |= times.types
    timed = {*times.types, *times.styles, *times.unsure_dates, *times.unsure_moments}

    others = [name for name in _texts_of(types, filled) if name not in timed and guesses[name] != pl.Boolean]
    words = words_of(texts, [*others, *wishes.dtypes]) if wishes.nulls else {}
    types |= numbers_in_disguise(texts, others, words)
    marks = marks_of(texts, {name: dtype for name, dtype in types.items() if name not in timed}, words, wishes)

    as_text = {*marks.numbers, *marks.unsure, *times.styles, *times.unsure_moments}
    mixed = {
        *_texts_of(types, [name for name in filled if guesses[name] == pl.Boolean]),
        *mostly_numbers(texts, [name for name in _texts_of(types, others) if name not in as_text]),
    }
    digits = digits_of(texts, {name: types[name] for name in filled if name not in as_text})
    types |= dict.fromkeys([*as_text, *digits.as_text], _TEXT)
    return Schema(
        types=types,
        markers=_markers(raw, types, words, filled),
        unsure_dates=tuple(name for name in filled if name in times.unsure_dates),
        mixed=tuple(name for name in filled if name in mixed),
        numbers=marks.numbers,
        unsure_numbers=marks.unsure,
        leading_zeros=digits.leading_zeros,
        leading_plus=digits.leading_plus,
        moments=times.styles,
        unsure_moments=times.unsure_moments,
        leap_seconds=times.leap_seconds,
        long_numbers=digits.long,
        rounded=digits.rounded,
    )


def _wished_moments(guesses: Mapping[str, pl.DataType], wishes: Wishes) -> dict[str, pl.DataType]:
    """Columns that the caller wants as moments, if they look like some: how they are written is still to be found."""
    wanted = {name: dtype for name, dtype in wishes.dtypes.items() if isinstance(dtype, pl.Datetime)}
    moments = {name: guesses[name] for name in wanted if isinstance(guesses[name], pl.Datetime)}
    return {name: dtype for name, dtype in wanted.items() if guesses[name] == _TEXT} | moments


def _texts_of(types: Mapping[str, pl.DataType], names: Iterable[str]) -> list[str]:
    return [name for name in names if types[name] == _TEXT]


def _markers(
    raw: Texts, types: Mapping[str, pl.DataType], words: Mapping[str, tuple[str, ...]], names: Iterable[str]
) -> dict[str, str]:
    """The one word for missing values of columns of plain numbers, and nothing between quotes among times of a day."""
    # Time is the one type of which Polars takes no empty text for a missing value.
    empty = with_empty(raw, [name for name in names if types[name] == pl.Time])
    numbers = {name: words[name][0] for name in names if types[name].is_numeric() and name in words}
    return dict.fromkeys(empty, "") | numbers
