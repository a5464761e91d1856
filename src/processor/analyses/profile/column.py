"""One column while it streams by: what is counted of it, and of what is inside of it."""

from collections.abc import Sequence

import polars as pl

from processor.analyses.profile.counts import finite
from processor.analyses.profile.gaps import Granularity
from processor.analyses.profile.keys import key_type, keys
from processor.analyses.profile.lengths import Blanks, Lengths
from processor.analyses.profile.moments import Moments
from processor.analyses.profile.order import Steps
from processor.analyses.profile.room import Room, as_instance
from processor.analyses.profile.row_sample import RowSample
from processor.analyses.profile.shapes import RANGED, TEXTUAL, Shape, shape_of
from processor.analyses.profile.tally import Tally

_UNORDERED = (Shape.LIST, Shape.STRUCT, Shape.BINARY, Shape.OTHER, Shape.EMPTY)


class Column:
    """One column of the table, or of what is inside of one.

    Args:
        name: its name in the result.
        dtype: its type.
        room: how much it may keep.
        inner: it is inside of another.

    Attributes:
        count: values that are there; `nulls` are not.
        drawn: some of its values, to look at for what they mean, where the sample of the table's rows has none of them.
        inside: the fields of a struct, or the one column of all items of a list; of a map they are its entries.
    """

    def __init__(self, name: str, dtype: pl.DataType, room: Room, *, inner: bool = False) -> None:
        self.name = name
        self.dtype = dtype
        self.room = room
        self.shape = shape_of(dtype)
        self.count = 0
        self.nulls = 0
        self.nan = 0
        self.infinite = 0
        self.tally = Tally(key_type(dtype), room)
        self.moments = Moments()
        self.lengths = Lengths()
        self.blanks = Blanks()
        self.steps = Steps()
        self.granularity = Granularity(dtype) if self.shape is Shape.TIME else None
        self.drawn = _drawn(name, dtype, room) if inner and has_meanings(self) else None
        self.inside = _inside(dtype, room)

    def add(self, piece: pl.Series) -> None:
        """Take the next piece of the column into account."""
        self.nulls += piece.null_count()
        self.count += piece.len() - piece.null_count()
        if piece.null_count() == piece.len():
            return
        values = piece.drop_nulls() if piece.null_count() else piece
        self._add_inside(values)
        if self.drawn:
            self.drawn.add(values.alias(self.name).to_frame())
        if self.shape not in _UNORDERED:
            self.steps.add(values.cast(pl.String) if self.shape is Shape.CATEGORY else values)
        counts = self.tally.add(keys(values))
        if self.shape in TEXTUAL:
            self._add_texts(counts)
        elif self.shape in RANGED:
            self.moments.add(self._finite(values))
        if self.granularity:
            self.granularity.add(counts["value"])

    def _add_texts(self, counts: pl.DataFrame) -> None:
        self.lengths.add(counts["value"].str.len_chars(), counts["count"])
        self.blanks.add(counts)
        self.moments.extremes(counts["value"])

    def _add_inside(self, values: pl.Series) -> None:
        match self.shape:
            case Shape.BINARY:
                self.lengths.add(values.bin.size())
            case Shape.LIST:
                lists = _lists(values)
                lengths = lists.list.len()
                self.lengths.add(lengths)
                # An empty list has no item, though `explode` makes a null of it.
                self.inside[0].add(lists.filter(lengths > 0).explode())
            case Shape.STRUCT:
                for column, piece in zip(self.inside, values.struct.unnest().get_columns(), strict=True):
                    column.add(piece)

    def _finite(self, values: pl.Series) -> pl.Series:
        if not values.dtype.is_float():
            return values
        kept = finite(values)
        if kept.len() < values.len():
            self.nan += int(values.is_nan().sum())
            self.infinite += int(values.is_infinite().sum())
        return kept


def has_meanings(column: Column) -> bool:
    """Whether its values can mean something that their type does not say: texts and whole numbers can."""
    return column.shape in TEXTUAL or column.dtype.is_integer()


def _drawn(name: str, dtype: pl.DataType, room: Room) -> RowSample:
    return RowSample(pl.Schema({name: dtype}), most=room.checks, most_bytes=room.bytes)


def _lists(values: pl.Series) -> pl.Series:
    match values.dtype:
        case pl.Array():
            return values.arr.to_list()
        case pl.Map():
            return values.map.entries()
    return values


def _inside(dtype: pl.DataType, room: Room) -> Sequence[Column]:
    match dtype:
        case pl.Struct(fields=fields):
            return [Column(field.name, as_instance(field.dtype), room, inner=True) for field in fields]
        case pl.List(inner=inner) | pl.Array(inner=inner):
            return [Column("items", as_instance(inner), room, inner=True)]
        case pl.Map(key=key, value=value):
            return [Column("items", pl.Struct({"key": key, "value": value}), room, inner=True)]
    return ()
