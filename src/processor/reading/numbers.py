"""Numbers as people write them: `1.234,56`, `1,234.56`; one style a column, and only if all values agree."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from processor.reading.questions import EACH, Texts

_SPACES = "[ \u00a0\u202f]"
_GROUPS = {"": "", ",": ",", ".": r"\.", " ": _SPACES, "'": "['\u2019]"}
_ANY_GROUP = "[.'\u2019 \u00a0\u202f]|,\\d{3}"  # what may stand between thousands
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
        return self.plain(text).cast(self.dtype, strict=strict)

    def plain(self, text: pl.Expr) -> pl.Expr:
        """The numbers as a computer writes them; a text that is none stays none."""
        if self.nulls:
            text = pl.when(~text.is_in(self.nulls)).then(text)  # named after what stands in `then`
        # What is not in this style is left as it is, so that it fails rather than becomes another number.
        cleaned = text.str.replace_all(_GROUPS[self.thousands], "") if self.thousands else text
        if self.decimal == ",":
            cleaned = cleaned.str.replace(",", ".", literal=True)
        if not self.thousands and self.decimal == ".":
            return text
        return pl.when(text.str.contains(self.pattern)).then(cleaned).otherwise(text + pl.lit(" is not in style"))


STYLES = (
    NumberStyle(decimal=",", thousands=""),
    NumberStyle(decimal=".", thousands=","),
    NumberStyle(decimal=",", thousands="."),
    NumberStyle(decimal=".", thousands=" "),
    NumberStyle(decimal=",", thousands=" "),
    NumberStyle(decimal=".", thousands="'"),
    NumberStyle(decimal=",", thousands="'"),
)


def fitting(
    texts: Texts, names: Iterable[str], *, decimal: str | None, thousands: str | None
) -> dict[str, list[NumberStyle]]:
    """The styles in which all of the values of a column are numbers, fewest marks first; plain columns have none.

    Args:
        texts: the values without those that are missing.
        names: which columns to look at.
        decimal: what must stand before decimals; None for either.
        thousands: what must stand between thousands; None for any.
    """
    # The first value tells most often, and costs no question to Polars: a file may have many columns.
    first = {name: value for name, value in texts.answers(names, EACH.drop_nulls().first()).items() if value}
    wanted = [style for style in STYLES if decimal in {None, style.decimal} and thousands in {None, style.thousands}]
    may_be = {name: [style for style in wanted if re.search(style.pattern, value)] for name, value in first.items()}
    grouped = set(texts.some([name for name, styles in may_be.items() if styles], EACH.str.contains(_ANY_GROUP)))
    found: dict[str, list[NumberStyle]] = {name: [] for name in first}
    for style in wanted:
        seen = [name for name in may_be if style in may_be[name] and (name in grouped or not style.thousands)]
        for name in _with_marks(texts, texts.every(seen, EACH.str.contains(style.pattern)), style):
            found[name].append(style)
    fits = {name: styles for name, styles in found.items() if styles}
    commas = set(texts.some(fits, EACH.str.contains(",", literal=True)))
    return {name: kept for name, styles in fits.items() if (kept := _likely(styles, commas=name in commas))}


def _with_marks(texts: Texts, names: list[str], style: NumberStyle) -> list[str]:
    """Those of the columns in which the style's mark between thousands is seen, if it has one."""
    return texts.some(names, EACH.str.contains(_GROUPS[style.thousands])) if style.thousands else names


def _likely(styles: list[NumberStyle], *, commas: bool) -> list[NumberStyle]:
    if any(style.thousands in {" ", "'"} for style in styles):
        # Groups with spaces: the decimal mark is the one that is seen; with none in sight, the usual one.
        return [style for style in styles if (style.decimal == ",") == commas]
    return [style for style in styles if style.thousands or commas]


def evidence(styles: Iterable[list[NumberStyle]]) -> str | None:
    """Which decimal mark a file uses, from the columns that leave no doubt; None where they disagree or say nothing."""
    marks = {found[0].decimal for found in styles if len({style.decimal for style in found}) == 1}
    return marks.pop() if len(marks) == 1 else None
