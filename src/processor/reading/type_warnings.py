"""What is told of the types of delimited columns: every decision that is not the usual one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from processor.reading.names import shown
from processor.reading.schema import Schema
from processor.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """One sort of decision: the columns that it was made of, the code, and what is said; `{name}` is filled in."""

    of: Callable[[Schema], Sequence[str]]
    code: str
    sentence: str


_DECISIONS = (
    _Told(
        of=lambda decided: decided.unsure_numbers,
        code="numbers_as_text",
        sentence="The numbers of column {name} may be thousands or decimals (1,234 or 1.234); read as text."
        " Set read_options.decimal.",
    ),
    _Told(
        of=lambda decided: decided.leading_zeros,
        code="leading_zeros",
        sentence="Values of column {name} begin with zeros, which numbers would lose; read as text."
        " Set read_options.dtypes if they are numbers.",
    ),
    _Told(
        of=lambda decided: decided.leading_plus,
        code="leading_plus",
        sentence="Values of column {name} begin with +, which numbers would lose; read as text."
        " Set read_options.dtypes if they are numbers.",
    ),
    _Told(
        of=lambda decided: decided.long_numbers,
        code="long_numbers",
        sentence="The numbers of column {name} have more digits than floats keep apart, or are beyond them; read as"
        " text. Set read_options.dtypes to read them as floats.",
    ),
    _Told(
        of=lambda decided: decided.unsure_moments,
        code="dates_as_text",
        sentence="Column {name} has moments that are too fine or too far away for a type; read as text.",
    ),
    _Told(
        of=lambda decided: decided.unsure_dates,
        code="dates_as_text",
        sentence="Column {name} has dates or times that are not all YYYY-MM-DD and hh:mm:ss; read as text.",
    ),
    _Told(
        of=lambda decided: decided.leap_seconds,
        code="leap_seconds",
        sentence="Column {name} has moments in a second 60, as leap seconds are; they are read as the beginning of the"
        " next minute. Set read_options.dtypes to read them as text.",
    ),
    _Told(
        of=lambda decided: decided.mixed,
        code="types",
        sentence="Column {name} holds values of several types; read as text.",
    ),
)


def tell_types(run: Run, decided: Schema, final: Mapping[str, str]) -> None:
    """Tell them all; `final` has the columns' names as results show them, by those that Polars gives them."""
    _tell_marks(run, decided, final)
    for column, count in decided.rounded.items():
        run.warn(
            "rounded",
            f"Column {shown(final[column])} has numbers of more digits than a float keeps, or too near to zero"
            f" ({count:,} of those that were looked at); they are rounded. Set read_options.dtypes to"
            " read them as text.",
        )
    for told in _DECISIONS:
        for column in told.of(decided):
            run.warn(told.code, told.sentence.format(name=shown(final[column])))


def _tell_marks(run: Run, decided: Schema, final: Mapping[str, str]) -> None:
    for column, marker in decided.markers.items():
        if marker:
            name = shown(final[column])
            run.warn("null_marker", f"In column {name} the word {marker!r} stands for a missing value.")
    for column, style in decided.numbers.items():
        name = shown(final[column])
        if style.decimal != "." or style.thousands:
            run.warn("numbers", f"The numbers of column {name} are written as {style.shown}.")
        if words := [word for word in style.nulls if word]:
            run.warn("null_marker", f"In column {name} missing values are written as {', '.join(map(repr, words))}.")
