"""What the caller said about values, where files carry types of their own: `null_values` and `dtypes` after reading."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from common.errors import InputError
from processor.reading.names import shown
from processor.reading.options import ReadOptions
from processor.reading.rows_sample import RowsSample
from processor.reading.table import Table
from processor.reading.wishes import Wishes
from processor.run import Run

_MOMENTS = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d")
_ISO_DATE = r"^\d{4}-\d{2}-\d{2}$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wished:
    """The types that columns shall have, by name, and the texts that stand for a missing value."""

    dtypes: Mapping[str, pl.DataType]
    nulls: tuple[str, ...] = ()

    @classmethod
    def of(cls, options: ReadOptions) -> "Wished":
        """What the caller said."""
        return cls(dtypes=Wishes.of(options).dtypes, nulls=options.null_values or ())

    def __bool__(self) -> bool:
        return bool(self.dtypes or self.nulls)

    def applied(self, run: Run, table: Table) -> Table:
        """The table with these types; a value that does not fit ends the task when the table is prepared.

        Raises:
            InputError: it has no such column, or one whose type cannot become the wished one.
        """
        known = dict(table.head.schema)
        self._check(known)

        def opened() -> pl.LazyFrame:
            frame = table.frame
            self._check_values(run, frame, known)
            typed.rows, typed.flaws = table.rows, table.flaws
            return frame.with_columns(self._columns(known))

        def drawn() -> RowsSample:
            found = table.sample
            return replace(found, frame=found.frame.with_columns(self._columns(known)))

        typed = replace(table, head=table.head.with_columns(self._columns(known)), open=opened, draw=drawn)
        return typed

    def _check(self, known: Mapping[str, pl.DataType]) -> None:
        for name, wanted in self.dtypes.items():
            if name not in known:
                raise InputError(
                    f"read_options.dtypes names the column {shown(name)}, which the table does not have.",
                    advice="Names are case-sensitive.",
                )
            if not _can_become(known[name], wanted):
                raise InputError(
                    f"Column {shown(name)} is of the type {known[name].base_type().__name__}, which cannot be read as"
                    " read_options.dtypes says.",
                    advice="Leave it out there, or cast it in a query.",
                )

    def _check_values(self, run: Run, frame: pl.LazyFrame, known: Mapping[str, pl.DataType]) -> None:
        if not self.dtypes:
            return
        run.phase("types")
        misfits = {
            name: frame.select(self._present(number, dtype).alias("old")).select(
                (pl.col("old").is_not_null() & _made(pl.col("old"), dtype, self.dtypes[name]).is_null()).sum()
            )
            for number, (name, dtype) in enumerate(known.items())
            if name in self.dtypes
        }
        counts = pl.collect_all(list(misfits.values()), engine="streaming")
        for name, count in zip(misfits, counts, strict=True):
            if count.item():
                raise InputError(
                    f"Column {shown(name)} holds {count.item():,} values that do not fit its type in"
                    " read_options.dtypes.",
                    advice="Choose another type, or leave it out.",
                )

    def _columns(self, known: Mapping[str, pl.DataType]) -> list[pl.Expr]:
        return [
            _made(self._present(number, dtype), dtype, self.dtypes[name])
            if name in self.dtypes
            else self._present(number, dtype)
            for number, (name, dtype) in enumerate(known.items())
            if name in self.dtypes or (self.nulls and dtype == pl.String)
        ]

    def _present(self, number: int, dtype: pl.DataType) -> pl.Expr:
        # By position: a name may be one that stands for several.
        column = pl.nth(number)
        if not self.nulls or dtype != pl.String:
            return column
        return pl.when(~column.is_in(self.nulls)).then(column)


def _can_become(dtype: pl.DataType, wanted: pl.DataType) -> bool:
    if dtype in {wanted, pl.Null(), pl.String()}:
        return True
    if wanted == pl.String:
        return not (dtype.is_nested() or dtype in {pl.Binary(), pl.Object()})
    if wanted.is_numeric():
        return dtype.is_numeric() or dtype == pl.Boolean
    return wanted in {pl.Date(), pl.Datetime("us")} and isinstance(dtype, (pl.Date, pl.Datetime))


def _made(column: pl.Expr, dtype: pl.DataType, wanted: pl.DataType) -> pl.Expr:
    """The values as the wished type; one that would lose something is null."""
    if dtype == wanted:
        return column
    if dtype == pl.String:
        return parsed(column, wanted)
    if wanted == pl.String and isinstance(dtype, pl.Duration):
        return column.dt.to_string("iso")  # which Polars does not cast
    if wanted == pl.Int64 and (dtype.is_float() or dtype.is_decimal()):
        return pl.when(column == column.floor()).then(column).cast(wanted, strict=False)
    if wanted == pl.Date and isinstance(dtype, pl.Datetime):
        return pl.when(column.dt.time() == pl.time()).then(column).cast(wanted)
    return column.cast(wanted, strict=False)


def parsed(column: pl.Expr, wanted: pl.DataType) -> pl.Expr:
    """Texts as a type; null where one cannot be read as such."""
    if wanted == pl.Boolean:
        lower = column.str.to_lowercase()
        return pl.when(lower.is_in(["true", "false"])).then(lower == "true")
    if wanted == pl.Date:
        return pl.when(column.str.contains(_ISO_DATE)).then(column).str.to_date("%Y-%m-%d", strict=False)
    if wanted == pl.Time:
        return column.str.to_time("%H:%M:%S%.f", strict=False)
    if isinstance(wanted, pl.Datetime):
        return pl.coalesce(column.str.to_datetime(form, time_unit="us", strict=False) for form in _MOMENTS)
    return column.cast(wanted, strict=False)
