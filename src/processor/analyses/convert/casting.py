"""Casts the columns batch by batch, and counts the values that have no form in the new type, or not the same."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Final

import polars as pl

from common.errors import ParamsError
from processor.analyses.convert.changes import Changes
from processor.analyses.convert.params import CastErrors
from processor.analyses.convert.types import cast

MOST_NAMED: Final = 5


class CastError(Exception):
    """A value cannot be cast; stops the query that it is raised in."""


class Casting:
    """Casts columns.

    Args:
        schema: of the table.
        wanted: new types by the names of columns.
        errors: what a value does that cannot be cast: `fail` ends it, so does `exact`, which is ended also by one that
            would be another value; `null` is counted.

    Attributes:
        lost: by column, how many values became null.
        changed: by column, how many became others.
    """

    def __init__(self, schema: pl.Schema, wanted: Mapping[str, pl.DataType], *, errors: CastErrors) -> None:
        self.lost: Counter[str] = Counter()
        self.changed: Counter[str] = Counter()
        self._wanted = wanted
        self._errors = errors
        self._changes = Changes(schema, wanted)
        self._is_impossible = False
        self._lock = Lock()
        names = schema.names()
        self._casts = [
            cast(pl.nth(names.index(name)), schema[name], dtype).alias(name) for name, dtype in wanted.items()
        ]
        self.schema = pl.Schema({name: wanted.get(name, dtype) for name, dtype in schema.items()})

    def applied(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """The frame with the new types."""
        if not self._wanted:
            return frame
        return frame.map_batches(self._cast, streamable=True, schema=self.schema)

    def _cast(self, batch: pl.DataFrame) -> pl.DataFrame:
        try:
            made = batch.with_columns(self._casts)
        except pl.exceptions.PolarsError:
            # Not strict, so it is no value that fails: there is no way from one type to the other.
            self._is_impossible = True
            raise CastError from None
        lost = {
            name: count
            for name in self._wanted
            if (count := made.get_column(name).null_count() - batch.get_column(name).null_count())
        }
        changed = self._changes.between(batch, made)
        with self._lock:
            self.lost.update(lost)
            self.changed.update(changed)
        if self._stopping():
            raise CastError
        return made

    def _stopping(self) -> Counter[str]:
        """The values that end it, by column."""
        match self._errors:
            case "null":
                return Counter()
            case "fail":
                return self.lost
            case "exact":
                return self.lost + self.changed

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """Raise what stopped a query as an error of the param, if it was a cast.

        Raises:
            ParamsError: a value cannot be cast.
        """
        try:
            yield
        except BaseException:
            if self._is_impossible:
                raise self._impossible() from None
            if not self._stopping():
                raise
            raise self._failure() from None

    def _impossible(self) -> ParamsError:
        pairs = ", ".join(f"{name[:80]!r} to {dtype}" for name, dtype in list(self._wanted.items())[:MOST_NAMED])
        return ParamsError(
            f"There is no cast from a column's type to the one that is asked for, among: {pairs}.",
            pointer="/params/cast",
            advice="Leave it out, or cast to text or a number before, in a query.",
        )

    def _failure(self) -> ParamsError:
        name, count = self._stopping().most_common(1)[0]
        how = "that are no" if self.lost[name] else "that would not be the same as"
        other = "null" if self.lost[name] else "fail"
        return ParamsError(
            f"Column {name[:80]!r} holds values {how} {self._wanted[name]}, {count:,} of them so far.",
            pointer=f"/params/cast/{name[:80].replace('~', '~0').replace('/', '~1')}",
            advice=f'Choose another type, or set `cast_errors` to "{other}".',
        )
