"""Whole rows drawn from the whole table while it streams by: each with the same chance, wherever it stands.

A row is kept when the hash of its number is below a threshold, which is halved whenever too many are kept. So the same
table always gives the same sample.
"""

from collections.abc import Sequence

import polars as pl

MOST_ROWS = 20_000
_MOST_BYTES = 16 << 20
_LONGEST_TEXT = 1_000
_PIECES = 64

_Piece = tuple[pl.Series, pl.DataFrame]


class RowSample:
    """Up to MOST_ROWS rows, in the file's order.

    Args:
        schema: the columns; of nested and binary ones nothing is kept.
        most: how many rows to keep at most.
        most_bytes: and how many bytes of them.
    """

    def __init__(self, schema: pl.Schema, most: int = MOST_ROWS, most_bytes: int = _MOST_BYTES) -> None:
        self._places = [place for place, dtype in enumerate(schema.dtypes()) if _is_kept(dtype)]
        self._pieces: list[_Piece] = [(pl.Series(dtype=pl.UInt64), _kept(schema.to_frame(), self._places))]
        self._most = most
        self._most_bytes = most_bytes
        self._seen = 0
        self._halvings = 0

    @property
    def whole(self) -> bool:
        """True where every row is in the sample."""
        return not self._halvings

    @property
    def rows(self) -> pl.DataFrame:
        """The sampled rows; texts are cut."""
        self._join()
        return self._pieces[0][1]

    def add(self, batch: pl.DataFrame) -> None:
        """Take the next rows into account."""
        numbers = pl.int_range(self._seen, self._seen + batch.height, dtype=pl.UInt64, eager=True)
        self._seen += batch.height
        hashes = numbers.hash(seed=1)
        chosen = self._below(hashes)
        if chosen.any():
            self._pieces.append((hashes.filter(chosen), _kept(batch.filter(chosen), self._places)))
        if len(self._pieces) > _PIECES or self._is_full():
            self._join()

    def _below(self, hashes: pl.Series) -> pl.Series:
        if not self._halvings:
            return pl.repeat(True, hashes.len(), eager=True)  # noqa: FBT003  # the value that is repeated
        return hashes < 1 << (64 - self._halvings)

    def _is_full(self) -> bool:
        rows = sum(hashes.len() for hashes, _ in self._pieces)
        return rows > self._most or sum(frame.estimated_size() for _, frame in self._pieces) > self._most_bytes

    def _join(self) -> None:
        while self._is_full():
            self._halvings += 1
            self._pieces = [_filtered(piece, self._below(piece[0])) for piece in self._pieces]
        hashes, frames = zip(*self._pieces, strict=True)
        self._pieces = [(pl.concat(hashes, rechunk=True), _whole(frames))]


def _whole(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """One frame in one chunk, with texts of its own.

    Thousands of chunks of a few rows each, over the length of a large file, pin far more memory than they hold, and
    texts that were filtered keep those alive that were dropped.
    """
    joined = pl.concat(frames, rechunk=True)
    return pl.DataFrame([_own(column) for column in joined.get_columns()])


def _filtered(piece: _Piece, mask: pl.Series) -> _Piece:
    return piece[0].filter(mask), piece[1].filter(mask)


def _is_kept(dtype: pl.DataType) -> bool:
    return not dtype.is_nested() and dtype not in (pl.Binary, pl.Object, pl.Null)


def _kept(rows: pl.DataFrame, places: Sequence[int]) -> pl.DataFrame:
    columns = rows.get_columns()
    return pl.DataFrame([_own(columns[place]) for place in places])


def _own(column: pl.Series) -> pl.Series:
    """Texts cut and copied: views into a piece would keep all of it in memory."""
    if isinstance(column.dtype, pl.Categorical | pl.Enum):
        column = column.cast(pl.String)
    return (column.str.head(_LONGEST_TEXT) + "").alias(column.name) if column.dtype == pl.String else column
