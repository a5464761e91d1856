"""How two tables are kept to be matched: in memory, by columns on disk, or cut into shards that are matched one by one.

Matching needs the hashes of all keys of a shard and what joins them, and after that a single column of both sides. So
a shard may hold far more than the memory: its columns lie in files, and are read one after the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from processor.analyses.compare.kept import NESTED
from processor.analyses.compare.pair import TEXTS, Pair
from processor.analyses.shards import MOST_SHARDS
from processor.run import Run

if TYPE_CHECKING:
    from processor.analyses.compare.side import Look

_JOINED_BYTES: Final = 40  # of a row, measured: its key or the hash of it, and its part of what joins them
_PLACED_BYTES: Final = 10  # of a row, while columns are compared
_VIEW_BYTES: Final = 16
_SHORT: Final = 12  # a text of so many bytes lies within its view
_LONGER: Final = 3.0  # as so many times as long as nested values in memory is their JSON, about
_MATCHING: Final = 0.45  # of the memory
_ALL: Final = 0.6
_PILE_BYTES: Final = 64 << 20
_PACKED_FROM: Final = 4  # times the memory: what is more is packed on disk, which costs time


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How both tables are kept.

    Attributes:
        shards: how many.
        in_memory: they stay there; then there is one shard.
        packed: files are compressed.
        pile_bytes: so much is gathered before it is written.
    """

    shards: int
    in_memory: bool
    packed: bool
    pile_bytes: float


def layout_for(run: Run, left: "Look", right: "Look", pairs: Sequence[Pair]) -> Layout:
    """The layout that fits into the memory of a run; with more shards after a run out of memory."""
    memory = (run.memory_mb << 20) / (4 if run.low_memory else 1)
    widths = [(_width(left.head[pair.name]), _width(right.head[pair.name])) for pair in pairs]
    rows = _rows(left, sum(width for width, _ in widths)), _rows(right, sum(width for _, width in widths))
    size = sum(left * rows[0] + right * rows[1] for left, right in widths)
    # The right column is there twice while rows are picked out of it.
    columns = max((left * rows[0] + 2 * right * rows[1] for left, right in widths), default=0)
    flags = len(pairs) / 8 * min(rows)
    matching = max(_JOINED_BYTES * sum(rows), _PLACED_BYTES * sum(rows) + columns + flags)
    shards = min(MOST_SHARDS, max(1, -int(-matching // (_MATCHING * memory))))
    in_memory = shards == 1 and size + matching <= _ALL * memory
    return Layout(
        shards=shards,
        in_memory=in_memory,
        packed=size > _PACKED_FROM * memory,
        pile_bytes=min(_PILE_BYTES, memory / 32),
    )


def _rows(look: "Look", width: float) -> float:
    # Packed as tightly as any table may be, where nobody knows.
    return look.rows if look.rows is not None else 20.0 * look.bytes / max(1.0, width)


def _width(values: pl.Series) -> float:
    """Bytes of a value as it is kept."""
    own = values.estimated_size() / max(1, values.len())
    if values.dtype in TEXTS or values.dtype in NESTED or values.dtype == pl.Binary:
        length = own * (_LONGER if values.dtype in NESTED else 2 if values.dtype == pl.Binary else 1)
        return _VIEW_BYTES + (length if length > _SHORT else 0)
    return own
