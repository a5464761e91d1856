"""What the caller said about the values of delimited text."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from common.errors import InputError
from processor.reading.names import shown
from processor.reading.options import ReadOptions
from processor.type_words import PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The marks of numbers, and types by the columns' names in the file.

    Attributes:
        decimal: what stands before decimals; None to find it out.
        thousands: what stands between thousands; None to find it out.
        dtypes: types that are not up for decision.
        nulls: False where the texts for missing values were given, and none is to be guessed.
    """

    decimal: str | None = None
    thousands: str | None = None
    dtypes: Mapping[str, pl.DataType] = field(default_factory=dict)
    nulls: bool = True

    @classmethod
    def of(cls, options: ReadOptions) -> "Wishes":
        """What the caller said."""
        return cls(
            decimal=options.decimal,
            thousands=options.thousands,
            dtypes={name: PLAIN[dtype] for name, dtype in (options.dtypes or {}).items()},
            nulls=options.null_values is None,
        )

    def by_file_name(self, final: Mapping[str, str]) -> "Wishes":
        """The same with types by the names that Polars gives the columns.

        Args:
            final: the columns' final names by those.

        Raises:
            InputError: the table does not have one of the columns.
        """
        unknown = [name for name in self.dtypes if name not in final.values()]
        if unknown:
            raise InputError(
                f"read_options.dtypes names the column {shown(unknown[0])}, which the table does not have.",
                advice="Names are case-sensitive.",
            )
        return replace(self, dtypes={old: self.dtypes[new] for old, new in final.items() if new in self.dtypes})
