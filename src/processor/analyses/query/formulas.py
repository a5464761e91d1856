"""Texts that a spreadsheet would run: `=HYPERLINK(…)`, `@SUM(…)`, `-2+3+cmd|…`. An apostrophe makes them texts again.

The signs are those that OWASP names for CSV injection, with their full-width forms. A text that is just a number with a
sign stays as it is.
"""

from threading import Lock
from typing import Final

import polars as pl

_BEGINNINGS: Final = r"^[=+\-@\t\r\n＝＋－＠]"  # noqa: RUF001 - the full-width forms are meant
_NUMBER: Final = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$"
_TEXTS: Final = (pl.String, pl.Categorical, pl.Enum)


class Formulas:
    """Makes formulas in the columns of text harmless, and counts them."""

    def __init__(self) -> None:
        self.found = 0
        self._lock = Lock()

    def neutralised(self, frame: pl.LazyFrame, schema: pl.Schema) -> pl.LazyFrame:
        """The rows with an apostrophe before what would be run, in names of columns too."""
        names = [name for name, dtype in schema.items() if isinstance(dtype, _TEXTS)]
        if names:
            texts = pl.Schema({name: pl.String() if name in names else dtype for name, dtype in schema.items()})
            frame = frame.cast(dict.fromkeys(names, pl.String())).map_batches(
                lambda batch: self._batch(batch, names), streamable=True, schema=texts
            )
        return frame.rename(self._renamed(schema))

    def _batch(self, batch: pl.DataFrame, names: list[str]) -> pl.DataFrame:
        running = {name: batch[name].str.contains(_BEGINNINGS) & ~batch[name].str.contains(_NUMBER) for name in names}
        found = {name: int(mask.sum() or 0) for name, mask in running.items()}
        if not any(found.values()):
            return batch
        with self._lock:
            self.found += sum(found.values())
        changed = [
            pl.when(running[name]).then("'" + batch[name]).otherwise(batch[name]).alias(name)
            for name, count in found.items()
            if count
        ]
        return batch.with_columns(changed)

    def _renamed(self, schema: pl.Schema) -> dict[str, str]:
        names = pl.Series(schema.names(), dtype=pl.String)
        return {name: f"'{name}" for name in names.filter(names.str.contains(_BEGINNINGS)) if f"'{name}" not in schema}
