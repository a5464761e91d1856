"""The files that an answer can become, written while it streams by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from common.errors import ParamsError
from processor.analyses.query.params import Format
from processor.guard.refusal import shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink:
    """One form of file.

    Attributes:
        suffix: of its name.
        media_type: of its bytes.
        write: streams a frame into a file.
        lacks: types that it cannot hold.
    """

    suffix: str
    media_type: str
    write: Callable[[pl.LazyFrame, Path], object]
    lacks: tuple[type[pl.DataType], ...] = ()


SINKS: Final[Mapping[Format, Sink]] = {
    "parquet": Sink(
        suffix="parquet",
        media_type="application/vnd.apache.parquet",
        write=lambda frame, path: frame.sink_parquet(path, engine="streaming"),
    ),
    "arrow": Sink(
        suffix="arrow",
        media_type="application/vnd.apache.arrow.file",
        write=lambda frame, path: frame.sink_ipc(path, engine="streaming"),
    ),
    "csv": Sink(
        suffix="csv",
        media_type="text/csv; charset=utf-8",
        write=lambda frame, path: frame.sink_csv(path, engine="streaming"),
        lacks=(pl.List, pl.Array, pl.Struct, pl.Binary),
    ),
    "ndjson": Sink(
        suffix="ndjson",
        media_type="application/x-ndjson",
        write=lambda frame, path: frame.sink_ndjson(path, engine="streaming"),
        lacks=(pl.Binary,),
    ),
}


def check_types(schema: pl.Schema, form: Format) -> None:
    """Pass if a file of this form can hold these columns.

    Raises:
        ParamsError: it cannot.
    """
    for name, dtype in schema.items():
        if _holds(dtype, SINKS[form].lacks):
            raise ParamsError(
                f"{form} cannot hold the column {shown(name)} of type {dtype.base_type().__name__}.",
                pointer="/params/format",
                advice="Ask for parquet or arrow, or leave the column out.",
            )


def _holds(dtype: pl.DataType, lacking: tuple[type[pl.DataType], ...]) -> bool:
    if isinstance(dtype, lacking):
        return True
    match dtype:
        case pl.List() | pl.Array():
            return _holds(pl.Series(dtype=dtype.inner).dtype, lacking)
        case pl.Struct():
            return any(_holds(pl.Series(dtype=field.dtype).dtype, lacking) for field in dtype.fields)
        case _:
            return False
