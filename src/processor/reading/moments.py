"""Moments finer than a microsecond: Polars cuts their decimals, or wraps them where they are too far away."""

from dataclasses import dataclass

import polars as pl

_FINE = r"\.\d{7,}"
_SECONDS = r"[T ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?"
_ZONE = r"(Z|[+-]\d{2}:?\d{2})"
# The years that 64 bits hold in full: nanoseconds from 1970 on.
_DAY = r"(1(67[89]|6[89]\d|[789]\d{2})|2([01]\d{2}|2[0-5]\d|26[01]))-\d{2}-\d{2}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FineMoments:
    """Moments of a column of text, to the nanosecond.

    Attributes:
        zoned: whether each is followed by its zone; they are all in UTC then.
    """

    zoned: bool

    @property
    def pattern(self) -> str:
        """What such a moment looks like."""
        return f"^{_DAY}{_SECONDS}{_ZONE if self.zoned else ''}$"

    def converted(self, text: pl.Expr, *, strict: bool) -> pl.Expr:
        """The moments of a column of text; what looks otherwise is an error of Polars, or null."""
        form = "%Y-%m-%dT%H:%M:%S%.f%#z" if self.zoned else "%Y-%m-%dT%H:%M:%S%.f"
        wrong = pl.when(text != "").then(pl.concat_str(pl.lit("not in style: "), text))
        safe = pl.when(text.str.contains(self.pattern)).then(text.str.replace(" ", "T", literal=True)).otherwise(wrong)
        return safe.str.to_datetime(form, time_unit="ns", strict=strict)


def are_fine(values: pl.Series) -> bool:
    """Whether any of the texts of moments has more than six decimals of a second."""
    return bool(values.str.contains(_FINE).any())


def fine_moments(values: pl.Series) -> FineMoments | None:
    """How texts without nulls are moments to the nanosecond; None where some are not, or not in its years."""
    for found in (FineMoments(zoned=False), FineMoments(zoned=True)):
        if values.str.contains(found.pattern).all():
            return found
    return None
