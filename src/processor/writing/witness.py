"""Sees the rows that are written, and counts what a format cannot say of their values."""

from collections import Counter
from collections.abc import Callable
from threading import Lock
from typing import Final

import polars as pl

from processor.writing.formats import FormatName
from processor.writing.formulas import DANGEROUS, is_formula
from processor.writing.losses import Loss

JSON: Final = frozenset({"json", "ndjson"})
WRITES_JSON: Final = JSON | {"csv", "tsv", "xlsx"}  # of nested values


class Witness:
    """Passes batches on unchanged; safe to call from several threads.

    Args:
        target: the format that is written.
        defuse: whether text that a spreadsheet would compute is changed.
        seen: called with the number of rows so far.

    Attributes:
        rows: how many were seen.
    """

    def __init__(self, target: FormatName, *, defuse: bool, seen: Callable[[int], None]) -> None:
        self.rows = 0
        self._target = target
        self._defuse = defuse
        self._seen = seen
        self._not_finite: Counter[str] = Counter()
        self._formulas: Counter[str] = Counter()
        self._alone = 0
        self._lock = Lock()

    def look(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Take a batch into account."""
        not_finite = self._count_not_finite(batch) if self._target in WRITES_JSON else Counter[str]()
        formulas = self._count_formulas(batch) if self._defuse else Counter[str]()
        alone = batch.to_series().null_count() if batch.width == 1 and self._target in {"csv", "tsv"} else 0
        with self._lock:
            self._not_finite.update(not_finite)
            self._formulas.update(formulas)
            self._alone += alone
            self.rows += batch.height
            rows = self.rows
        self._seen(rows)
        return batch

    def losses(self) -> list[Loss]:
        """What was lost of the values, when all were seen."""
        found = []
        if self._not_finite:
            found.append(
                Loss(
                    code="not_finite_as_null",
                    message=f"JSON knows neither NaN nor infinity: {_listed(self._not_finite)} became null.",
                )
            )
        if self._formulas:
            found.append(
                Loss(
                    code="formulas_defused",
                    message=f"A spreadsheet would compute some texts: {_listed(self._formulas)} got an apostrophe"
                    " before them. Set `escape_formulas` to false to keep them as they are.",
                )
            )
        if self._alone:
            found.append(
                Loss(
                    code="blank_lines",
                    message=f"In a file of one column a missing value is an empty line: {self._alone:,}. Many readers"
                    " skip those.",
                )
            )
        return found

    def _count_not_finite(self, batch: pl.DataFrame) -> Counter[str]:
        return Counter(
            {
                column.name: count
                for column in batch.get_columns()
                if (column.dtype.is_nested() or self._target in JSON)
                and (count := sum(int((~piece.is_finite()).sum()) for piece in _floats(column)))
            }
        )

    def _count_formulas(self, batch: pl.DataFrame) -> Counter[str]:
        found: Counter[str] = Counter()
        for column in batch.get_columns():
            if column.dtype not in {pl.String, pl.Categorical} and not isinstance(column.dtype, pl.Enum):
                continue
            texts = column.cast(pl.String)
            if texts.str.contains(DANGEROUS).any():
                count = int(texts.to_frame("t").select(is_formula(pl.col("t")).sum()).item())
                found.update({column.name: count} if count else {})
        return found


def _floats(series: pl.Series) -> list[pl.Series]:
    """All floats of a column, however deep."""
    match series.dtype:
        case pl.Float32() | pl.Float64():
            return [series]
        case pl.List() | pl.Array():
            return _floats(series.explode())
        case pl.Struct():
            return [piece for field in series.struct.fields for piece in _floats(series.struct.field(field))]
    return []


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count:,} of {name[:80]!r}" for name, count in counts.most_common(20))
