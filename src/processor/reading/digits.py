"""Digits that numbers would lose: zeros in front, the plus of a telephone, and more of them than a float keeps."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from processor.reading.precision import lost_by_floats, may_lose
from processor.reading.questions import EACH, Texts

_LEADING_ZERO = r"^[+-]?0\d"
_LONG_PLUS = r"^\+\d{7}"  # as short as a telephone's number may be; +5 is a difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits:
    """Columns of numbers that would lose some.

    Attributes:
        leading_zeros: columns of whole numbers, some of which stand behind zeros (`01067`).
        leading_plus: columns of whole numbers that look like telephones'.
        long: columns whose numbers would become others as floats.
        rounded: columns where only the last digits are lost, and of how many values.
    """

    leading_zeros: tuple[str, ...]
    leading_plus: tuple[str, ...]
    long: tuple[str, ...]
    rounded: Mapping[str, int]

    @property
    def as_text(self) -> tuple[str, ...]:
        """Those that must not become numbers."""
        return (*self.leading_zeros, *self.leading_plus, *self.long)


def digits_of(texts: Texts, types: Mapping[str, pl.DataType]) -> Digits:
    """What the columns would lose, if they became numbers of these types."""
    integers = [name for name, dtype in types.items() if dtype.is_integer()]
    zeros = texts.some(integers, EACH.str.contains(_LEADING_ZERO))
    lost = {
        name: lost_by_floats(texts.distinct(name))
        for name in may_lose(texts, [name for name, dtype in types.items() if dtype == pl.Float64])
    }
    return Digits(
        leading_zeros=tuple(zeros),
        leading_plus=tuple(with_leading_plus(texts, [name for name in integers if name not in zeros])),
        long=tuple(name for name, digits in lost.items() if digits.merged),
        rounded={name: digits.rounded for name, digits in lost.items() if digits.rounded and not digits.merged},
    )


def with_leading_plus(texts: Texts, integers: Iterable[str]) -> list[str]:
    """Columns of which at least half of the values are long digits behind a plus, and none is negative."""
    plus = texts.some(integers, EACH.str.starts_with("+"))  # few have any
    often = texts.answers(plus, EACH.str.contains(_LONG_PLUS).sum() * 2 >= EACH.count())
    return texts.every([name for name in plus if often[name]], ~EACH.str.starts_with("-"))
