"""A table that Polars cannot scan, made anew in scratch piece by piece: small files of Arrow that can be scanned."""

import io
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from processor.reading.merging import aligned, inexact, is_made_text, merged

_MOST_BYTES = 8 << 20


class Pieces:
    """Files in a folder, one a piece; columns and types grow as pieces come.

    Args:
        folder: an empty folder in scratch.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._schema: dict[str, pl.DataType] = {}
        self._schemas: list[dict[str, pl.DataType]] = []
        self.rows = 0
        self._inexact: set[str] = set()  # columns with whole numbers that no float is equal to
        self.widened: set[str] = set()
        self.widened_within: set[str] = set()  # columns in which fields or items became text

    @property
    def schema(self) -> Mapping[str, pl.DataType]:
        """Columns and types so far."""
        return self._schema

    def add(self, frame: pl.DataFrame) -> None:
        """Take some rows; what does not fit the types so far widens them.

        They become files of 8 MB or less: a scan reads several files ahead, whatever their size.
        """
        rows = max(1, frame.height * _MOST_BYTES // max(1, int(frame.estimated_size())))
        for start in range(0, max(1, frame.height), rows):
            self._add(frame.slice(start, rows))

    def _add(self, frame: pl.DataFrame) -> None:
        schema = {name: _stored(dtype) for name, dtype in frame.schema.items()}
        self._inexact |= inexact(frame)
        found = {name: self._held(name, dtype) for name, dtype in merged(self._schema, schema).items()}
        made = {
            name
            for name, dtype in found.items()
            for one in (self._schema, schema)
            if is_made_text(one.get(name), dtype)
        }
        self.widened |= {name for name in made if found[name] == pl.String}
        self.widened_within |= {name for name in made if found[name] != pl.String}
        self._schema = found
        self._write(len(self._schemas), frame)
        self._schemas.append(found)
        self.rows += frame.height

    def _held(self, name: str, dtype: pl.DataType) -> pl.DataType:
        """The type, or text where there are whole numbers that a decimal number would change."""
        return pl.String() if dtype.is_float() and name in self._inexact else dtype

    def finish(self) -> pl.LazyFrame:
        """The whole table; pieces that were written before a type grew are written again."""
        for number, schema in enumerate(self._schemas):
            if list(schema.items()) != list(self._schema.items()):
                self._write(number, pl.read_ipc(self._path(number)))
        return self.scan()

    def scan(self) -> pl.LazyFrame:
        """The table of a store that is finished."""
        return pl.scan_ipc([self._path(number) for number in range(len(self._schemas))], glob=False)

    def _write(self, number: int, frame: pl.DataFrame) -> None:
        packed = io.BytesIO()
        aligned(frame, self._schema).write_ipc(packed, compression="lz4")
        self._path(number).write_bytes(packed.getbuffer())

    def _path(self, number: int) -> Path:
        return self._folder / f"piece-{number:06}.arrow"


def _stored(dtype: pl.DataType) -> pl.DataType:
    # Dictionaries differ from piece to piece.
    return pl.String() if dtype == pl.Categorical else dtype
