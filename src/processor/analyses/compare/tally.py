"""What is counted while shard after shard is matched."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from processor.analyses.cells import shown_cells, shown_rows
from processor.analyses.compare.columns import Pair
from processor.analyses.compare.match import LEFT, RIGHT, both, differs, distance, keys_of, only, repeats
from processor.analyses.rows import ROW

_PAIRED = "paired"


@dataclass(slots=True)
class First:
    """The first rows of a kind of difference, by row number; bounded."""

    most: int
    by: str
    rows: pl.DataFrame | None = None

    def add(self, rows: pl.DataFrame) -> None:
        """Take more rows into account."""
        kept = rows if self.rows is None else pl.concat([self.rows, rows])
        self.rows = kept.sort(self.by, nulls_last=True).head(self.most) if kept.height else self.rows


@dataclass(slots=True)
class ColumnTally:
    """How often the values of one column differ, and by how much at most."""

    pair: Pair
    changed: int = 0
    largest: float | None = None
    examples: First = field(default_factory=lambda: First(0, LEFT + ROW))


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
            ColumnTally(pair, examples=First(examples, LEFT + ROW)) for pair in pairs if self._is_value(pair)
        ]
        self._differences = First(differences, "order")

    def _is_value(self, pair: Pair) -> bool:
        return bool(self._keys) and not pair.is_key

    def add_repeats(self, side: str, shard: pl.DataFrame) -> bool:
        """Count the keys of a shard that come more than once; False where there is none."""
        found = repeats(shard, keys_of(self._pairs))
        if self._keys:
            self.repeated[side][0] += found.height
            self.repeated[side][1] += int(found["count"].sum())
            self._repeated[side].add(found)
        return found.height > 0

    def add(self, rows: pl.DataFrame) -> None:
        """Take the matched rows of a shard into account."""
        values = [column.pair for column in self.columns]
        flags = [differs(pair).alias(f"d{place}") for place, pair in enumerate(values)]
        any_ = pl.any_horizontal([f"d{place}" for place in range(len(values))]) if values else pl.lit(value=False)
        judged = rows.with_columns(both().alias(_PAIRED), *flags)
        # Most often few rows differ, and all that follows is about those.
        differing = judged.filter(~pl.col(_PAIRED) | any_)
        changed = differing.filter(pl.col(_PAIRED))
        self.matched += judged.height - differing.height + changed.height
        self.changed += changed.height
        for prefix in (LEFT, RIGHT):
            alone = differing.filter(only(prefix))
            self._only[prefix].add(alone)
            self.only_left += alone.height if prefix == LEFT else 0
            self.only_right += alone.height if prefix == RIGHT else 0
        for place, column in enumerate(self.columns):
            self._add_column(column, changed.filter(pl.col(f"d{place}")))
        self._keep(differing, values)

    def _add_column(self, column: ColumnTally, rows: pl.DataFrame) -> None:
        if not rows.height:
            return
        column.changed += rows.height
        apart = distance(column.pair)
        if apart is not None:
            largest = rows.select(apart.fill_nan(None).max()).item()
            if largest is not None:
                column.largest = largest if column.largest is None else max(largest, column.largest)
        column.examples.add(rows)

    def _keep(self, rows: pl.DataFrame, values: Sequence[Pair]) -> None:
        names = [
            pl.when(pl.col(_PAIRED) & pl.col(f"d{place}")).then(pl.lit(pair.name)) for place, pair in enumerate(values)
        ]
        listed = pl.concat_list(names).list.drop_nulls() if names else pl.lit([], dtype=pl.List(pl.String))
        change = (
            pl.when(pl.col(_PAIRED)).then(pl.lit("changed"))
            .when(only(LEFT)).then(pl.lit("only_left")).otherwise(pl.lit("only_right"))
        )  # fmt: skip
        kept = [name for name in rows.columns if name.startswith((LEFT, RIGHT))]
        order = pl.coalesce(LEFT + ROW, RIGHT + ROW).alias("order")
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


_SIDES = ((LEFT, "left"), (RIGHT, "right"))
