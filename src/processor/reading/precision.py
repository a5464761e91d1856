"""Digits of numbers that a float does not hold."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation

import polars as pl

from processor.reading.questions import EACH, Texts

_FLOAT_DIGITS = 17  # what a program that writes floats writes at most, unless it writes more than there is
_WHOLE = r"^[+-]?\d{16,}$"
_LONG = 16
_LOOKED_AT = 10_000
_SURE = 1 << 53
_CONTEXT = Context(prec=1200)  # more digits than any float has, written in full


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """What floats would lose of a column of numbers.

    Attributes:
        rounded: values that would be another number.
        merged: whether numbers that differ would become one, whole numbers, which may be keys, others, or any infinite.
    """

    rounded: int
    merged: bool


def may_lose(texts: Texts, floats: Iterable[str]) -> list[str]:
    """Those columns of numbers that are worth a closer look: they have long ones, very large or very small ones."""
    wanted = list(floats)
    long = texts.some(wanted, EACH.str.len_bytes() >= _LONG)
    number = EACH.cast(pl.Float64, strict=False)
    extreme = texts.some(wanted, number.is_infinite() | (number == 0))
    found = {*texts.some(long, _is_doubtful(EACH)), *texts.some(extreme, is_beyond(EACH) | _vanishes(EACH))}
    return [name for name in wanted if name in found]


def lost_by_floats(values: pl.Series) -> Lost:
    """What is lost if these texts of numbers, each there once, are read as floats.

    A text is held if the float nearest to it, written with as many digits, is the text again: so what a program wrote
    of a float is held, even in more digits than a float has.
    """
    long = values.filter(values.str.len_bytes() >= _LONG)
    rounded = [text for text in _those(long, _is_doubtful).head(_LOOKED_AT) if not _is_held(text)]
    count = len({*rounded, *_those(values, _vanishes)})
    return Lost(rounded=count, merged=_those(values, is_beyond).len() > 0 or _are_merged(rounded, long))


def whole_lost(number: pl.Expr) -> pl.Expr:
    """Whether a whole number in 128 bits is none of the floats; of texts that are no whole numbers, False."""
    return ((number.abs() > _SURE) & (number.cast(pl.Float64).cast(pl.Int128, strict=False) != number)).fill_null(
        value=False
    )


def is_beyond(text: pl.Expr) -> pl.Expr:
    """Whether a text is a number beyond all floats (`1e400`), which would be infinite."""
    return text.cast(pl.Float64, strict=False).is_infinite() & text.str.contains(r"\d")


def _vanishes(text: pl.Expr) -> pl.Expr:
    """Whether a number is nearer to zero than any float (`1e-400`)."""
    return (text.cast(pl.Float64, strict=False) == 0) & text.str.contains(r"^[+-]?[0.]*[1-9]")


def _those(values: pl.Series, test: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    return values.to_frame("").filter(test(pl.col(""))).to_series()


def _is_doubtful(text: pl.Expr) -> pl.Expr:
    """Whether a number has more digits than a float keeps."""
    digits = text.str.replace(r"[eE].*$", "").str.replace_all(r"\D", "").str.strip_chars_start("0").str.len_bytes()
    return (digits > _FLOAT_DIGITS) | text.str.contains(_WHOLE)


def _are_merged(rounded: list[str], among: pl.Series) -> bool:
    if not rounded:
        return False
    if any(text.lstrip("+-").isdigit() for text in rounded):
        return True
    exact = {number for text in among.head(_LOOKED_AT) if (number := _number(text)) is not None}
    return len(set(map(float, exact))) < len(exact)


def _is_held(text: str) -> bool:
    number = _number(text)
    if number is None or not number.is_finite() or number == 0:
        return True
    number = number.normalize(_CONTEXT)
    near = float(number)
    if near in {float("inf"), float("-inf"), 0.0}:
        return False
    return Decimal(near).quantize(number, context=_CONTEXT) == number


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
