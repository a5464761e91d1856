"""The types of delimited columns, from a sample that is spread over the file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

MARKERS = ("NA", "N/A", "n/a", "#N/A", "NULL", "null", "None", "\\N", "-", "?", ".")
_EMPTY_NAME = re.compile(r"_duplicated_\d+")
_ISO_DATE = r"^\d{4}-\d{2}-\d{2}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """Types by the names that Polars gives the columns, and the decisions behind them.

    Attributes:
        types: type by column, in the file's order.
        markers: by column, the text that stands for a missing value.
        unsure_dates: columns with dates that are not all in ISO form, so day and month may be in any order.
        mixed: columns of text that hold numbers or truth values, and others.
    """

    types: Mapping[str, pl.DataType]
    markers: Mapping[str, str] = field(default_factory=dict)
    unsure_dates: tuple[str, ...] = ()
    mixed: tuple[str, ...] = ()


def infer(texts: pl.DataFrame, guesses: Mapping[str, pl.DataType]) -> Schema:
    """Decide on types.

    Args:
        texts: the sample with every column as text.
        guesses: what Polars takes a part of it for, dates tried.
    """
    types: dict[str, pl.DataType] = {}
    markers: dict[str, str] = {}
    unsure: list[str] = []
    mixed: list[str] = []
    for name, guess in guesses.items():
        column = texts[name].drop_nulls()
        types[name], marker = _decided(column, guess)
        if marker:
            markers[name] = marker
        if guess.is_temporal() and column.len() and not _is_time(column, guess):
            unsure.append(name)
        elif types[name] == pl.String and (guess == pl.Boolean or _mostly_numbers(column)):
            mixed.append(name)
    return Schema(types=types, markers=markers, unsure_dates=tuple(unsure), mixed=tuple(mixed))


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
    found = [marker for marker in MARKERS if marker in values]
    if len(found) > 1:
        return pl.String(), None
    numbers = values.filter(values != found[0]) if found else values
    for wanted in (pl.Int64(), pl.Float64()):
        if numbers.len() and fits(numbers, wanted):
            return wanted, found[0] if found else None
    return pl.String(), None


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
