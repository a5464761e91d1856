"""The types of delimited columns, from a sample that is spread over the file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from processor.reading.moments import FineMoments, are_fine, fine_moments
from processor.reading.numbers import NumberStyle, evidence, fitting
from processor.reading.precision import lost_by_floats

_ERRORS = ("#DIV/0!", "#REF!", "#VALUE!", "#NAME?", "#NUM!")  # what spreadsheets write of formulas that fail
MARKERS = ("NA", "N/A", "n/a", "#N/A", "NULL", "null", "None", "\\N", "-", "?", ".", *_ERRORS)
_FEW = 1000
_LONGEST_MARKER = max(map(len, MARKERS))
_EMPTY_NAME = re.compile(r"_duplicated_\d+")
_GROUPED = r"^[+-]?(\d{2,3}|[1-9])(\.\d{3})+$"
_WHOLE = r"^[+-]?\d+$"
_ENOUGH = 3  # so many numbers that look like 1.234, among whole ones, are hardly all decimals by chance
_ISO_DATE = r"^\d{4}-\d{2}-\d{2}"
_LEADING_ZERO = r"^[+-]?0\d"
_LONG_PLUS = r"^\+\d{7}"  # as short as a telephone's number may be; +5 is a difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """Types by the names that Polars gives the columns, and the decisions behind them.

    Attributes:
        types: type by column, in the file's order.
        markers: by column, the text that stands for a missing value.
        unsure_dates: columns with dates that are not all in ISO form, so day and month may be in any order.
        mixed: columns of text that hold numbers or truth values, and others.
        numbers: columns that are scanned as text and made numbers of a style of their own.
        unsure_numbers: columns of text that are numbers in more than one style (`1,234`), so nobody knows which.
        leading_zeros: columns of text that are digits, some of them behind a zero (`01067`), which numbers would lose.
        leading_plus: columns of text that are long digits behind a `+`, as telephones are.
        moments: columns that are scanned as text and made moments to the nanosecond.
        unsure_moments: columns of text that are moments too fine, or too far away, for a type.
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
    moments: Mapping[str, FineMoments] = field(default_factory=dict)
    unsure_moments: tuple[str, ...] = ()
    long_numbers: tuple[str, ...] = ()
    rounded: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the caller said about values: the marks of numbers, and types by the columns' names in the file.

    Attributes:
        decimal: what stands before decimals; None to find it out.
        thousands: what stands between thousands; None to find it out.
        dtypes: types that are not up for decision.
        nulls: False where the texts for missing values were given, and none is to be guessed.
    """

    decimal: str | None = None
    thousands: str | None = None
    dtypes: Mapping[str, pl.DataType] = field(default_factory=dict)
    nulls: bool = True


def infer(texts: pl.DataFrame, guesses: Mapping[str, pl.DataType], wishes: Wishes | None = None) -> Schema:
    """Decide on types.

    Args:
        texts: the sample with every column as text.
        guesses: what Polars takes a part of it for, dates tried.
        wishes: what the caller said.
    """
    wishes = wishes or Wishes()
    types: dict[str, pl.DataType] = {}
    markers: dict[str, str] = {}
    unsure: list[str] = []
    for name, guess in guesses.items():
        column = _present(texts[name])
        if name in wishes.dtypes:
            types[name] = wishes.dtypes[name]
            continue
        types[name], marker = _decided(column, guess)
        if types[name] == pl.Time and _nothing(texts[name]):
            markers[name] = ""  # the one type of which Polars takes no empty text for a missing value
        if marker and wishes.nulls:
            markers[name] = marker
        elif marker:
            types[name] = pl.String()
        if guess.is_temporal() and column.len() and not _is_time(column, guess):
            unsure.append(name)
    distinct = texts.select(pl.all().drop_nulls().unique().implode())
    moments, unsure_moments = _fine(distinct, types)
    numbers, unsure_numbers = _styles(distinct, types, markers, wishes)
    free = [name for name in types if name not in {*numbers, *unsure_numbers, *wishes.dtypes}]
    mixed = [
        name
        for name in free
        if types[name] == pl.String
        and name not in unsure
        and (guesses[name] == pl.Boolean or _mostly_numbers(_present(texts[name])))
    ]
    integers = [name for name in free if types[name].is_integer()]
    zeros = [name for name in integers if _has_leading_zeros(texts[name])]
    plus = [name for name in integers if name not in zeros and _has_leading_plus(_present(texts[name]))]
    long, rounded = _too_long(distinct, [name for name in free if types[name] == pl.Float64])
    as_text = {*numbers, *unsure_numbers, *zeros, *plus, *moments, *unsure_moments, *long}
    types |= dict.fromkeys([name for name in types if name in as_text], pl.String())
    return Schema(
        types=types,
        markers={name: marker for name, marker in markers.items() if name not in as_text},
        unsure_dates=tuple(name for name in unsure if name not in numbers),
        mixed=tuple(mixed),
        numbers=numbers,
        unsure_numbers=tuple(unsure_numbers),
        leading_zeros=tuple(zeros),
        leading_plus=tuple(plus),
        moments=moments,
        unsure_moments=tuple(unsure_moments),
        long_numbers=tuple(long),
        rounded=rounded,
    )


def _fine(distinct: pl.DataFrame, types: Mapping[str, pl.DataType]) -> tuple[dict[str, FineMoments], list[str]]:
    """Columns of moments finer than microseconds, and those of them for which there is no type."""
    found: dict[str, FineMoments] = {}
    unsure: list[str] = []
    for name in (name for name, dtype in types.items() if isinstance(dtype, pl.Datetime)):
        values = distinct[name][0]
        if not are_fine(values):
            continue
        moments = fine_moments(values.filter(values != ""))
        if moments:
            found[name] = moments
        else:
            unsure.append(name)
    return found, unsure


def _too_long(distinct: pl.DataFrame, floats: list[str]) -> tuple[list[str], dict[str, int]]:
    """Columns whose numbers would become others as floats, and those where only the last digits are lost."""
    long: list[str] = []
    rounded: dict[str, int] = {}
    for name in floats:
        lost = lost_by_floats(distinct[name][0])
        if lost.merged:
            long.append(name)
        elif lost.rounded:
            rounded[name] = lost.rounded
    return long, rounded


def _styles(
    distinct: pl.DataFrame, types: Mapping[str, pl.DataType], markers: Mapping[str, str], wishes: Wishes
) -> tuple[dict[str, NumberStyle], list[str]]:
    """Columns with numbers that are not written as computers do, and those where nobody knows how they are."""
    fits: dict[str, tuple[list[NumberStyle], pl.Series, tuple[str, ...]]] = {}
    plain_decimals = False
    for name, dtype in types.items():
        values = distinct[name][0]
        if dtype == pl.String or (name in wishes.dtypes and dtype.is_numeric()):
            nulls = (*_nothing(values), *(_markers(values) if wishes.nulls else ()))
            numbers = values.filter(~values.is_in(nulls)) if nulls else values
            styles = fitting(numbers, decimal=wishes.decimal, thousands=wishes.thousands)
            if styles and name not in wishes.dtypes and _has_leading_plus(numbers.str.replace_all(r"[^+\-\d]", "")):
                styles = []  # +49 30 123 456
            if len([word for word in nulls if word]) > 1 and numbers.len() and not styles and fits_plainly(numbers):
                styles = [NumberStyle()]
            fits[name] = (styles, numbers, nulls)
        elif dtype == pl.Float64 and name not in wishes.dtypes:
            grouped = _groups(values.filter(~values.is_in([*MARKERS, ""])))
            plain_decimals |= not grouped and bool(values.str.contains(r"\.\d").any())
            if grouped:
                nulls = (*_nothing(values), *([markers[name]] if name in markers else []))
                numbers = values.filter(~values.is_in(nulls)) if nulls else values
                fits[name] = ([NumberStyle(decimal=",", thousands=".")], numbers, nulls)
    return _chosen(fits, types, plain_decimals=plain_decimals, wishes=wishes)


def _chosen(
    fits: Mapping[str, tuple[list[NumberStyle], pl.Series, tuple[str, ...]]],
    types: Mapping[str, pl.DataType],
    *,
    plain_decimals: bool,
    wishes: Wishes,
) -> tuple[dict[str, NumberStyle], list[str]]:
    sure = [styles for name, (styles, _, _) in fits.items() if styles and types[name] == pl.String]
    usual = wishes.decimal or evidence([*sure, *([[NumberStyle()]] if plain_decimals else [])])
    numbers: dict[str, NumberStyle] = {}
    unsure: list[str] = []
    for name, (found, values, nulls) in fits.items():
        styles = found
        if types[name] == pl.Float64 and name not in wishes.dtypes:
            # 1.234 is what a computer writes, unless the file has decimal commas elsewhere; beside 5678 nobody knows.
            styles = found if usual == "," and wishes.thousands in {None, "."} else []
            if usual is None and wishes.thousands is None and _are_unsure(values):
                unsure.append(name)
        elif len(found) > 1:
            styles = [style for style in found if style.decimal == usual]
            if not styles:
                unsure.append(name)
        if styles:
            numbers[name] = _typed(replace(styles[0], nulls=nulls), values, wishes.dtypes.get(name))
    return numbers, unsure


def _groups(values: pl.Series) -> bool:
    """Whether every point may stand between thousands (`1.234`), and there are points."""
    pointed = values.filter(~values.str.contains(_WHOLE))
    return bool(pointed.len()) and bool(pointed.str.contains(_GROUPED).all())


def _are_unsure(values: pl.Series) -> bool:
    """Whether there are whole numbers beside some that look like 1.234: decimals would not all have three digits."""
    whole = int(values.str.contains(_WHOLE).sum())
    return whole > 0 and values.len() - whole >= _ENOUGH


def _typed(style: NumberStyle, values: pl.Series, wanted: pl.DataType | None) -> NumberStyle:
    if wanted is not None:
        return replace(style, dtype=wanted)
    return replace(style, dtype=pl.Int64() if fits(style.plain(values), pl.Int64()) else pl.Float64())


def fits_plainly(values: pl.Series) -> bool:
    """True where all are numbers as computers write them."""
    return fits(values, pl.Float64())


def _decided(column: pl.Series, guess: pl.DataType) -> tuple[pl.DataType, str | None]:
    """The type that all of the sample fits, and the word for missing values in it, if there is one."""
    if not column.len():
        return guess, None
    if guess.is_temporal():
        return (guess if _is_time(column, guess) else pl.String()), None
    if guess == pl.Boolean:
        return (guess if column.str.to_lowercase().is_in(["true", "false"]).all() else pl.String()), None
    if guess.is_numeric() and fits(column, guess):
        return guess, None
    return _number_in_disguise(column)


def _is_time(column: pl.Series, guess: pl.DataType) -> bool:
    # Only ISO 8601: Polars reads 01/02/2020 as the first of February without a word.
    return guess == pl.Time or bool(column.str.contains(_ISO_DATE).all())


def _number_in_disguise(column: pl.Series) -> tuple[pl.DataType, str | None]:
    """Numbers among NaN and infinities, or beside one word for a missing value, are numbers."""
    values = column.unique()
    found = _markers(values)
    if len(found) > 1:
        return pl.String(), None
    numbers = values.filter(values != found[0]) if found else values
    for wanted in (pl.Int64(), pl.Int128(), pl.Float64()):
        if numbers.len() and fits(numbers, wanted):
            return wanted, found[0] if found else None
    return pl.String(), None


def _markers(values: pl.Series) -> tuple[str, ...]:
    """Which of the words for missing values are among the values; one question, not one a word: a file may be wide."""
    few = values if values.len() <= _FEW else values.filter(values.str.len_bytes() <= _LONGEST_MARKER)
    found = frozenset(few.to_list())
    return tuple(marker for marker in MARKERS if marker in found)


def _nothing(values: pl.Series) -> tuple[str, ...]:
    """The empty text between quotes, if it is among the values."""
    return ("",) if (values == "").any() else ()


def _present(column: pl.Series) -> pl.Series:
    """The values without those that are missing; an empty text between quotes is missing too."""
    present = column.drop_nulls()
    return present.filter(present != "")


def _has_leading_zeros(column: pl.Series) -> bool:
    return bool(column.str.contains(_LEADING_ZERO).any())


def _has_leading_plus(values: pl.Series) -> bool:
    """Whether at least half of the values are long digits behind a plus, and none is negative."""
    return bool(values.len()) and 2 * values.str.contains(_LONG_PLUS).sum() >= values.len() and not _uses_minus(values)


def _uses_minus(values: pl.Series) -> bool:
    return bool(values.str.starts_with("-").any())


def _mostly_numbers(column: pl.Series) -> bool:
    return 2 * column.cast(pl.Float64, strict=False).null_count() < column.len()


def fits(texts: pl.Series, wanted: pl.DataType) -> bool:
    """True where every text is a value of the wanted type."""
    return texts.cast(wanted, strict=False).null_count() == texts.null_count()


def given_name(name: str, *, quote: str | None) -> str:
    """A column's name as the file has it: Polars numbers empty names, and leaves doubled quotes as they are."""
    if _EMPTY_NAME.fullmatch(name):
        return ""
    return name.replace(quote * 2, quote) if quote else name


def unique_names(names: list[str]) -> list[str]:
    """The columns' names made usable: none is empty (`column_3`), none comes twice (`price`, `price_2`)."""
    taken = set(names)
    seen: set[str] = set()
    result = []
    for number, name in enumerate(names, start=1):
        wanted = name or _free(f"column_{number}", taken)
        if wanted in seen:
            count = 2
            while f"{wanted}_{count}" in taken:
                count += 1
            wanted = f"{wanted}_{count}"
        seen.add(wanted)
        taken.add(wanted)
        result.append(wanted)
    return result


def shown(name: str) -> str:
    """A column's name in a sentence: quoted, and never long."""
    return repr(name if len(name) <= 60 else f"{name[:59]}…")


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name
