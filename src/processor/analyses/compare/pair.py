"""A column that both tables have, and the expressions by which its values are compared."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import polars as pl

from processor.analyses.compare.exact import as_exact_text, as_hashed
from processor.analyses.compare.moments import counted, times_of, unit_of
from processor.analyses.compare.params import Closeness
from processor.analyses.times import iso

if TYPE_CHECKING:
    from polars._typing import TimeUnit

TEXTS: Final = (pl.String, pl.Categorical, pl.Enum)
SideName: TypeAlias = Literal["left", "right"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A column that both tables have.

    Attributes:
        dtype: what its values are compared as; where `whole` or `unit` is given, only roughly.
        whole: of numbers that no type holds all of, what they are compared as exactly (`compare.exact`); else None.
        unit: of times whose types have different units, the one that they are counted in (`compare.moments`).
        is_key: it says which rows belong together.
    """

    name: str
    left: pl.DataType
    right: pl.DataType
    dtype: pl.DataType
    whole: pl.DataType | None
    unit: "TimeUnit | None"
    closeness: Closeness
    is_key: bool

    @property
    def place(self) -> str:
        """Its name in kept tables: one that no pattern of Polars begins with."""
        return f"v {self.name}"

    def type_of(self, side: SideName) -> pl.DataType:
        """The type of the column in one of the tables."""
        return self.left if side == "left" else self.right

    def found_to_be(self, side: SideName, dtype: pl.DataType) -> "Pair":
        """The same with another type in one of the tables; what its values are compared as is left as it was."""
        return replace(self, left=dtype) if side == "left" else replace(self, right=dtype)

    def value(self, side: SideName, place: str | None = None) -> pl.Expr:
        """The value as it is compared, of a kept column of one of the tables."""
        value, own = pl.col(place or self.place), self.type_of(side)
        if self.unit is not None:
            return counted(value, own, self.unit)
        if self.dtype == pl.Binary:
            # Bytes are kept as hex; all else is what the bytes of its text are.
            return value if own == pl.Binary else _text(value, own).cast(pl.Binary).bin.encode("hex")
        if self.dtype == pl.String:
            return self._loose(_text(value, own))
        return value.cast(self.dtype)

    def _loose(self, text: pl.Expr) -> pl.Expr:
        text = text.str.strip_chars() if self.closeness.ignore_spaces else text
        return text.str.to_lowercase() if self.closeness.ignore_case else text

    def same(self, side: SideName, place: str | None = None) -> pl.Expr:
        """What is equal for two values where they are; of a kept column."""
        place = place or self.place
        return self.value(side, place) if self.whole is None else as_exact_text(pl.col(place), self.whole)

    def order(self, side: SideName) -> list[pl.Expr]:
        """What kept values are put in order by: the same for the same values, and near for near ones."""
        value = self.value(side)
        return [value] if self.whole is None else [value, self.same(side)]

    @property
    def is_plain_text(self) -> bool:
        """True for texts on both sides that are equal where their bytes are."""
        closeness = self.closeness
        return all(side in TEXTS for side in (self.left, self.right)) and not (
            closeness.ignore_case or closeness.ignore_spaces
        )

    def hashed(self, side: SideName) -> pl.Expr:
        """What is hashed of a kept column: 1, 1.0 and a decimal 1 are the same."""
        if self.whole is not None:
            return as_hashed(pl.col(self.place))
        value = self.value(side)
        return value.cast(pl.Float64) if self.dtype.is_numeric() or self.unit is not None else value

    def shown(self, values: pl.Series) -> pl.Series:
        """Values as they were compared, as what a person is shown."""
        if self.unit is None:
            return values
        coarser = min(unit_of(self.left), unit_of(self.right), key=("ms", "us", "ns").index)
        return times_of(values, self.dtype, coarser)


def _text(value: pl.Expr, own: pl.DataType) -> pl.Expr:
    return iso(value, own) if isinstance(own, pl.Date | pl.Datetime) else value.cast(pl.String)
