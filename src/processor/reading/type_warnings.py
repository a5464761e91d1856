"""What is told of the types of delimited columns: every decision that is not the usual one."""

from collections.abc import Mapping

from processor.reading.names import shown
from processor.reading.schema import Schema
from processor.run import Run


def tell_types(run: Run, decided: Schema, final: Mapping[str, str]) -> None:
    """Tell them all; `final` has the columns' names as results show them, by those that Polars gives them."""
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
    for column in decided.unsure_numbers:
        run.warn(
            "numbers_as_text",
            f"The numbers of column {shown(final[column])} may be thousands or decimals (1,234 or 1.234);"
            " read as text. Set read_options.decimal.",
        )
    _tell_digits(run, decided, final)
    for column in decided.unsure_dates:
        run.warn(
            "dates_as_text",
            f"Column {shown(final[column])} has dates or times that are not all YYYY-MM-DD and hh:mm:ss; read as text.",
        )
    for column in decided.leap_seconds:
        run.warn(
            "leap_seconds",
            f"Column {shown(final[column])} has moments in a second 60, as leap seconds are; they are read as the"
            " beginning of the next minute. Set read_options.dtypes to read them as text.",
        )
    for column in decided.mixed:
        run.warn("types", f"Column {shown(final[column])} holds values of several types; read as text.")


def _tell_digits(run: Run, decided: Schema, final: Mapping[str, str]) -> None:
    for column in decided.leading_zeros:
        run.warn(
            "leading_zeros",
            f"Values of column {shown(final[column])} begin with zeros, which numbers would lose; read as text."
            " Set read_options.dtypes if they are numbers.",
        )
    for column in decided.leading_plus:
        run.warn(
            "leading_plus",
            f"Values of column {shown(final[column])} begin with +, which numbers would lose; read as text."
            " Set read_options.dtypes if they are numbers.",
        )
    for column in decided.long_numbers:
        run.warn(
            "long_numbers",
            f"The numbers of column {shown(final[column])} have more digits than floats keep apart, or are beyond them;"
            " read as text. Set read_options.dtypes to read them as floats.",
        )
    for column, count in decided.rounded.items():
        run.warn(
            "rounded",
            f"Column {shown(final[column])} has numbers of more digits than a float keeps, or too near to zero"
            f" ({count:,} of those that were looked at); they are rounded. Set read_options.dtypes to"
            " read them as text.",
        )
    for column in decided.unsure_moments:
        run.warn(
            "dates_as_text",
            f"Column {shown(final[column])} has moments that are too fine or too far away for a type; read as text.",
        )
