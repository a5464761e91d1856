"""Numbers as people write them: `1.234,56`, `1,234.56`; one style a column, and only if all values agree."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

_SPACES = "[ \u00a0\u202f]"
_GROUPS = {"": "", ",": ",", ".": r"\.", " ": _SPACES, "'": "['\u2019]"}
_POINTS = {".": r"\.", ",": ","}
_FLOAT = pl.Float64()
_EXPONENT = r"([eE][+-]?\d+)?"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberStyle:
    """How the numbers of one column are written.

    Attributes:
        decimal: what stands before the decimals, `.` or `,`.
        thousands: what stands between thousands: nothing, `,`, `.`, a space (of any kind) or `'`.
        nulls: texts that stand for a missing value.
        dtype: what the numbers are: Int64 or Float64.
    """

    decimal: str = "."
    thousands: str = ""
    nulls: tuple[str, ...] = ()
    dtype: pl.DataType = _FLOAT

    @property
    def pattern(self) -> str:
        """What a number in this style looks like."""
        point, group = _POINTS[self.decimal], _GROUPS[self.thousands]
        # Some write marks from a thousand on, some from ten thousand, so a number without any is one as well.
        whole = rf"((\d{{2,3}}|[1-9])({group}\d{{3}})+|\d+)" if group else r"\d+"
        return rf"^[+-]?({whole}({point}\d*)?|{point}\d+){_EXPONENT}$"

    @property
    def shown(self) -> str:
        """An example, for a sentence."""
        return f"1{self.thousands}234{self.decimal}5"

    def converted(self, text: pl.Expr, *, strict: bool) -> pl.Expr:
        """The numbers of a column of text; one that is not in this style is an error of Polars, or null."""
        return self._plain(text).cast(self.dtype, strict=strict)

    def plain(self, values: pl.Series) -> pl.Series:
        """The values as a computer writes them, those that are missing left out."""
        name = values.name
        return values.to_frame().select(self._plain(pl.col(name))).to_series().drop_nulls()

    def _plain(self, text: pl.Expr) -> pl.Expr:
        if self.nulls:
            text = pl.when(~text.is_in(self.nulls)).then(text)  # named after what stands in `then`
        # What is not in this style is left as it is, so that it fails rather than becomes another number.
        cleaned = text.str.replace_all(_GROUPS[self.thousands], "") if self.thousands else text
        if self.decimal == ",":
            cleaned = cleaned.str.replace(",", ".", literal=True)
        if not self.thousands and self.decimal == ".":
            return text
        return (
            pl.when(text.str.contains(self.pattern))
            .then(cleaned)
            .otherwise(pl.when(text.is_null()).then(None).otherwise(pl.concat_str(pl.lit("not in style: "), text)))
        )


STYLES = (
    NumberStyle(decimal=",", thousands=""),
    NumberStyle(decimal=".", thousands=","),
    NumberStyle(decimal=",", thousands="."),
    NumberStyle(decimal=".", thousands=" "),
    NumberStyle(decimal=",", thousands=" "),
    NumberStyle(decimal=".", thousands="'"),
    NumberStyle(decimal=",", thousands="'"),
)


def fitting(values: pl.Series, *, decimal: str | None, thousands: str | None) -> list[NumberStyle]:
    """The styles in which all of the values are numbers; fewest marks first.

    Args:
        values: texts without nulls.
        decimal: what must stand before decimals; None for either.
        thousands: what must stand between thousands; None for any.
    """
    found = [
        style
        for style in STYLES
        if decimal in {None, style.decimal} and thousands in {None, style.thousands} and _fits(values, style)
    ]
    with_marks = [style for style in found if not style.thousands or _uses(values, _GROUPS[style.thousands])]
    if {style.thousands for style in with_marks} - {""} and any(s.thousands in {" ", "'"} for s in with_marks):
        # Groups with spaces: the decimal mark is the one that is seen; with none in sight, the usual one.
        commas = _uses(values, ",")
        return [style for style in with_marks if (style.decimal == ",") == commas]
    return [style for style in with_marks if style.thousands or _uses(values, ",")]


def evidence(styles: Iterable[list[NumberStyle]]) -> str | None:
    """Which decimal mark a file uses, from the columns that leave no doubt; None where they disagree or say nothing."""
    marks = {found[0].decimal for found in styles if len({style.decimal for style in found}) == 1}
    return marks.pop() if len(marks) == 1 else None


def _fits(values: pl.Series, style: NumberStyle) -> bool:
    # The first value tells most often, and costs no question to Polars: a file may have many columns.
    first = values[0] if values.len() else ""
    return bool(re.search(style.pattern, first)) and bool(values.str.contains(style.pattern).all())


def _uses(values: pl.Series, pattern: str) -> bool:
    return bool(values.str.contains(pattern).any())
