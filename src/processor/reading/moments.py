"""Moments that Polars does not read by itself, or not in full, in styles of their own.

It takes no blank before a zone, nor ISO's basic form; of decimals of a second it cuts those beyond the sixth.
"""

from dataclasses import dataclass

import polars as pl

LIKE_MOMENTS = r"^\d{4}-?\d{2}-?\d{2}[T ]\d{2}:?\d{2}"
FINE = r"\.\d{7,}"
LEAP_SECOND = r"(:\d{2}:60|T\d{4}60)(\D|$)"
_ZONE = r" ?(Z|UTC|GMT|[+-]\d{2}(:?\d{2})?)"
# The years that 64 bits hold in full: nanoseconds from 1970 on.
_FINE_YEAR = r"(1(67[89]|6[89]\d|[789]\d{2})|2([01]\d{2}|2[0-5]\d|26[01]))"


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentStyle:
    """How the moments of one column are written.

    Attributes:
        zoned: whether each is followed by its zone; they are all in UTC then.
        basic: whether nothing stands between the parts of the day and of the time (`20240102T030405`).
        fine: whether they are held to the nanosecond, else to the microsecond.
    """

    zoned: bool = False
    basic: bool = False
    fine: bool = False

    @property
    def pattern(self) -> str:
        """What such a moment looks like."""
        year, decimals = (_FINE_YEAR, 9) if self.fine else (r"\d{4}", 6)
        day, time = (r"\d{2}\d{2}T", r"\d{2}\d{2}\d{2}") if self.basic else (r"-\d{2}-\d{2}[T ]", r"\d{2}:\d{2}:\d{2}")
        return rf"^{year}{day}{time}([.,]\d{{1,{decimals}}})?{_ZONE if self.zoned else ''}$"

    def converted(self, text: pl.Expr, *, strict: bool) -> pl.Expr:
        """The moments of a column of text; what looks otherwise is an error of Polars, or null."""
        wrong = pl.when(text != "").then(text + pl.lit(" is not in style"))
        safe = pl.when(text.str.contains(self.pattern)).then(self._plain(text)).otherwise(wrong)
        return safe.str.to_datetime(self._form, time_unit="ns" if self.fine else "us", strict=strict)

    @property
    def _form(self) -> str:
        moment = "%Y%m%dT%H%M%S%.f" if self.basic else "%Y-%m-%dT%H:%M:%S%.f"
        return f"{moment}%#z" if self.zoned else moment

    def _plain(self, text: pl.Expr) -> pl.Expr:
        """With a T, a point and an offset."""
        text = text.str.replace(",", ".", literal=True)
        if not self.basic:
            text = text.str.replace(r"^(\S{10}) ", "${1}T")
        return text.str.replace(r" ?(UTC|GMT|Z)$", "Z").str.replace(" ", "", literal=True) if self.zoned else text


STYLES = tuple(
    MomentStyle(zoned=zoned, basic=basic, fine=fine)
    for fine in (False, True)
    for basic in (False, True)
    for zoned in (False, True)
)
