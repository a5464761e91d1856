"""From the caller's SQL to a plan of Polars that the first two layers of the guard have passed."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import polars as pl

from common.errors import ParamsError
from processor.guard import explain_failure, read_query, refuse_foreign_paths, wide_frame
from processor.guard.failures import is_of_polars

POINTER = "/params/sql"
LONGEST_PLAN = 20_000
Found = TypeVar("Found")


class Statement:
    """One statement over named frames.

    Args:
        sql: as the caller wrote it.
        columns: name of each table → names of its columns.

    Raises:
        ParamsError: it is no query that is allowed.
    """

    def __init__(self, sql: str, *, columns: Mapping[str, list[str]]) -> None:
        self._given = sql
        self._columns = columns
        self._guarded = read_query(sql, tables=columns, pointer=POINTER)

    @property
    def scans(self) -> int:
        """How many tables it names, with every WITH written out."""
        return self._guarded.scans

    def over(self, frames: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
        """The plan of the statement over these frames.

        Raises:
            ParamsError: Polars cannot make one, or it would read something else than these frames do.
        """
        renamed = self._guarded.renamed
        tables = {
            renamed.get(name, name): _renamed(wide_frame(frame) if self._guarded.is_computing else frame, renamed)
            for name, frame in frames.items()
        }
        planned = self.told(lambda: pl.SQLContext(tables).execute(self._guarded.text))
        self.told(planned.collect_schema)
        self.told(lambda: refuse_foreign_paths(planned, frames=frames.values(), pointer=POINTER))
        return self.told(lambda: self._named_as_given(planned))

    def _named_as_given(self, planned: pl.LazyFrame) -> pl.LazyFrame:
        """The answer's columns under the names that they have in the caller's SQL, with what Polars put to them."""
        names = {name: self.as_given(name) for name in planned.collect_schema().names()}
        return _renamed(planned, {name: other for name, other in names.items() if name != other})

    def told(self, do: Callable[[], Found]) -> Found:
        """Do it; what Polars says about a failure is told in our words.

        Raises:
            ParamsError: it failed.
        """
        try:
            return do()
        except BaseException as error:
            if not is_of_polars(error):
                raise
            raise self.failure(error) from None

    def as_given(self, text: str) -> str:
        """A text of Polars' with the names that the caller gave."""
        for given, name in self._guarded.renamed.items():
            text = text.replace(name, given)
        return text

    def failure(self, error: BaseException) -> ParamsError:
        """What an error of Polars means for the caller."""
        known = {name for names in self._columns.values() for name in names}
        return explain_failure(error, text=self._given, known=known, pointer=POINTER, renamed=self._guarded.renamed)


def _renamed(frame: pl.LazyFrame, names: Mapping[str, str]) -> pl.LazyFrame:
    there = {name: names[name] for name in frame.collect_schema().names() if name in names}
    return frame.rename(there) if there else frame


def plan_text(planned: pl.LazyFrame, *, paths: Mapping[Path, str]) -> str:
    """The plan as Polars will run it; for paths stand the names of the inputs."""
    text = planned.explain(engine="streaming")
    for path, name in paths.items():
        text = text.replace(str(path), name)
    return text if len(text) <= LONGEST_PLAN else f"{text[: LONGEST_PLAN - 1]}…"
