"""What is counted while shard after shard is matched."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from processor.analyses.cells import shown_cells, shown_rows
from processor.analyses.compare.column import Found
from processor.analyses.compare.differing import DIFFERS, PAIRED, Differing
from processor.analyses.compare.match import LEFT, RIGHT, Matches, keys_of, repeats
from processor.analyses.compare.pair import Pair, SideName
from processor.analyses.compare.shard import Shard
from processor.analyses.rows import ROW


@dataclass(slots=True)
class First:
    """The first rows of a kind of difference, by row number; bounded."""

    most: int
    by: str
    rows: pl.DataFrame | None = None

    def add(self, frame: pl.DataFrame, flag: pl.Series | None = None) -> None:
        """Take more rows into account: all of a frame, or those that are flagged."""
        rows = frame if flag is None else frame[first_places(flag, frame[self.by], self.most)]
        kept = rows if self.rows is None else pl.concat([self.rows, rows])
        self.rows = kept.sort(self.by, nulls_last=True).head(self.most) if kept.height else self.rows


def first_places(flag: pl.Series, order: pl.Series, most: int) -> pl.Series:
    """Where the first of the flagged rows are, in an order without nulls among them; at most so many."""
    places = flag.arg_true()
    if places.len() <= most:
        return places
    return places.gather(order.gather(places).arg_sort().head(most))


@dataclass(slots=True)
class ColumnTally:
    """How often the values of one column differ, and by how much at most."""

    pair: Pair
    changed: int = 0
    largest: float | None = None
    examples: First = field(default_factory=lambda: First(0, LEFT + ROW))

    def add(self, found: Found) -> None:
        """Count what was found in one more shard."""
        self.changed += found.changed
        if found.largest is not None:
            self.largest = found.largest if self.largest is None else max(found.largest, self.largest)


class Tally:
    """The differences of two tables.

    Args:
        pairs: the columns that are compared.
        examples: how many examples to keep of each sort.
        differences: how many differing rows to keep.
    """

    def __init__(self, pairs: Sequence[Pair], *, examples: int, differences: int) -> None:
        self._keys = [pair for pair in pairs if pair.is_key]
        self._pairs = pairs
        self._examples = examples
        self.matched = 0
        self.only_left = 0
        self.only_right = 0
        self.changed = 0
        self.repeated = {"left": [0, 0], "right": [0, 0]}
        self._only = {LEFT: First(examples, LEFT + ROW), RIGHT: First(examples, RIGHT + ROW)}
        self._repeated = {"left": First(examples, "row"), "right": First(examples, "row")}
        self.columns = [
            ColumnTally(pair, examples=First(examples, LEFT + ROW)) for pair in pairs if self.is_value(pair)
        ]
        self._differences = First(differences, "order")

    def is_value(self, pair: Pair) -> bool:
        """True for a column whose values are compared, and not matched by."""
        return bool(self._keys) and not pair.is_key

    def add_repeats(self, side: SideName, shard: Shard) -> None:
        """Count the keys of a shard that come more than once."""
        if self._keys:
            found = repeats(shard, keys_of(self._pairs), side)
            self.repeated[side][0] += found.height
            self.repeated[side][1] += int(found["count"].sum())
            self._repeated[side].add(found)

    def add(self, left: Shard, right: Shard, matches: Matches, found: Sequence[Found]) -> None:
        """Take the matched rows of two shards into account.

        Args:
            left: a shard of the left table.
            right: the right table's shard of the same keys.
            matches: their rows.
            found: what was found of each of `columns`.
        """
        differing = Differing(matches, [one.flags for one in found])
        self.matched += matches.count
        self.changed += differing.changed
        self.only_left += matches.only_left.len()
        self.only_right += matches.only_right.len()
        for column, one in zip(self.columns, found, strict=True):
            column.add(one)
        rows = differing.rows(left, right, self._pairs, examples=self._examples, most=self._differences.most)
        for prefix in (LEFT, RIGHT):
            self._only[prefix].add(rows, rows.select(_only(prefix)).to_series())
        for place, column in enumerate(self.columns):
            column.examples.add(rows, rows[f"{DIFFERS}{place}"])
        self._keep(rows)

    def _keep(self, rows: pl.DataFrame) -> None:
        names = [
            pl.when(f"{DIFFERS}{place}").then(pl.lit(column.pair.name)) for place, column in enumerate(self.columns)
        ]
        listed = pl.concat_list(names).list.drop_nulls() if names else pl.lit([], dtype=pl.List(pl.String))
        change = (
            pl.when(PAIRED).then(pl.lit("changed"))
            .when(_only(LEFT)).then(pl.lit("only_left")).otherwise(pl.lit("only_right"))
        )  # fmt: skip
        order = pl.coalesce(LEFT + ROW, RIGHT + ROW).alias("order")
        kept = [name for name in rows.columns if name.startswith((LEFT, RIGHT))]
        self._differences.add(rows.select(change.alias("change"), listed.alias("columns"), order, *map(pl.col, kept)))

    def differences(self) -> pl.DataFrame | None:
        """The artifact: `change`, `columns` that changed, and the row numbers and values of both sides."""
        rows = self._differences.rows
        if rows is None or not rows.height:
            return None
        named = {f"{short}{pair.place}": f"{side}.{pair.name}" for short, side in _SIDES for pair in self._pairs}
        named |= {short + ROW: f"{side}_row" for short, side in _SIDES}
        order = [name for pair in self._pairs for name in (f"left.{pair.name}", f"right.{pair.name}")]
        renamed = rows.drop("order").rename(named)
        first = ["change", "columns", "left_row", "right_row"]
        return renamed.select([renamed[name] for name in (*first, *order)])

    def only_as_json(self, prefix: str) -> dict[str, object]:
        """Rows of one side alone, with examples."""
        count = self.only_left if prefix == LEFT else self.only_right
        return {"rows": count, "examples": self._rows_as_json(self._only[prefix].rows, prefix)}

    def _rows_as_json(self, rows: pl.DataFrame | None, prefix: str) -> list[dict[str, object]]:
        if rows is None or not self._examples:
            return []
        values = shown_rows(
            rows.select(pl.col(prefix + pair.place) for pair in self._pairs), [pair.name for pair in self._pairs]
        )
        return [{"row": row, "values": cells} for row, cells in zip(rows[prefix + ROW], values, strict=True)]

    def repeats_as_json(self, side: str) -> dict[str, object]:
        """Keys that come more than once on one side."""
        keys, rows = self.repeated[side]
        first = self._repeated[side].rows
        examples: list[dict[str, object]] = []
        if first is not None and self._examples:
            names = [pair.name for pair in self._keys]
            cells = shown_rows(first.select(f"k{place}" for place in range(len(names))), names)
            counted = zip(first["row"], first["count"], cells, strict=True)
            examples = [{"row": row, "count": count, "key": key} for row, count, key in counted]
        return {"keys": keys, "rows": rows, "examples": examples}

    def column_as_json(self, column: ColumnTally) -> dict[str, object]:
        """How often a column differs, with examples."""
        shown: dict[str, object] = {
            "name": column.pair.name,
            "changed": column.changed,
            "changed_share": column.changed / self.matched if self.matched else 0.0,
        }
        if column.pair.dtype.is_numeric():
            shown["largest_difference"] = shown_cells(pl.Series([column.largest], dtype=pl.Float64))[0]
        return shown | {"examples": self._changes(column)}

    def _changes(self, column: ColumnTally) -> list[dict[str, object]]:
        rows = column.examples.rows
        if rows is None or not self._examples:
            return []
        keys = shown_rows(
            rows.select(pl.col(LEFT + pair.place) for pair in self._keys), [pair.name for pair in self._keys]
        )
        place = column.pair.place
        before, after = shown_cells(rows[LEFT + place]), shown_cells(rows[RIGHT + place])
        cells = zip(rows[LEFT + ROW], rows[RIGHT + ROW], keys, before, after, strict=True)
        return [
            {"left_row": left_row, "right_row": right_row, "key": key, "left": left, "right": right}
            for left_row, right_row, key, left, right in cells
        ]


def _only(prefix: str) -> pl.Expr:
    """True for rows that have no counterpart on the other side."""
    return pl.col((RIGHT if prefix == LEFT else LEFT) + ROW).is_null()


_SIDES = ((LEFT, "left"), (RIGHT, "right"))
