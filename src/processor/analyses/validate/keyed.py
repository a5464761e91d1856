"""Rules about keys, which need passes of their own: no two rows alike, and every key found in a second table.

Only the keys are kept, in shards where they are many; within a shard Polars streams.
"""

from collections.abc import Collection, Sequence
from itertools import count
from pathlib import Path

import polars as pl

from processor.analyses.cells import shown_rows
from processor.analyses.rows import ROW, numbered
from processor.analyses.shards import sharded, shards_for, size_of
from processor.analyses.validate.checks import Bounds, Found
from processor.analyses.validate.columns import Columns, RuleError, with_texts
from processor.analyses.validate.rules import ForeignKey, Unique
from processor.reading import Table
from processor.run import Run

_CHECKED = "\0checked"
_folders = count()


class Keys:
    """The keys of the table `data`, and what is looked up in them.

    Args:
        names: the columns that rules about keys need, also for their filters.
        rows: how many rows the table has.
    """

    def __init__(self, run: Run, table: Table, *, names: Collection[str], rows: int, bounds: Bounds) -> None:
        self._run = run
        self._frame = _narrowed(run, table, names)
        self._columns = Columns(self._frame.collect_schema())
        self._head = table.head.select(pl.nth(_positions(table, names)))
        self._rows = rows
        self._bounds = bounds

    def repeated(self, rule: Unique, where: pl.Expr | None) -> Found:
        """Rows whose key another row has, too.

        Raises:
            RuleError: a column is not there.
        """
        keys = self._keys(rule.columns, where, with_nulls=rule.nulls == "equal")
        found, groups, failing = Found(), 0, []
        places = _places(rule.columns)
        for shard in self._sharded(keys, places):
            found.checked += _height(shard)
            again = shard.group_by(places).agg(pl.len().alias("count")).filter(pl.col("count") > 1)
            twice = again.collect(engine="streaming")
            if twice.height:
                groups += twice.height
                found.failing += int(twice["count"].sum())
                rows = shard.join(twice.lazy().select(places), on=places, how="semi", nulls_equal=True)
                failing.append(self._first(rows))
        found.observed["repeated_keys"] = groups
        return self._noted(found, failing, rule.columns)

    def orphans(self, rule: ForeignKey, where: pl.Expr | None, reference: pl.LazyFrame, *, rows: int) -> Found:
        """Rows whose key the reference does not have.

        Raises:
            RuleError: a column is not there, or its type does not fit.
        """
        wanted = rule.reference_columns or rule.columns
        theirs = Columns(reference.collect_schema())
        there = reference.select(theirs.expressions(wanted)).select(self._same_types(rule.columns, wanted, theirs))
        places = _places(rule.columns)
        ours = self._keys(rule.columns, where, with_nulls=False)
        found, failing = Found(), []
        shards = shards_for(self._run, size_of(self._head, max(rows, self._rows)))
        for mine, known in zip(
            self._cut(ours, places, shards), self._cut(there.drop_nulls(), places, shards), strict=True
        ):
            found.checked += _height(mine)
            lost = mine.join(known, on=places, how="anti")
            missing = _height(lost)
            if missing:
                found.failing += missing
                failing.append(self._first(lost))
        return self._noted(found, failing, rule.columns)

    def _keys(self, names: Sequence[str], where: pl.Expr | None, *, with_nulls: bool) -> pl.LazyFrame:
        chosen = self._columns.expressions(names)
        frame = self._frame.select(*chosen, *([] if where is None else [where.alias(_CHECKED)]))
        keys = numbered(frame)
        if where is not None:
            keys = keys.filter(pl.col(_CHECKED)).drop(_CHECKED)
        return keys if with_nulls else keys.drop_nulls(_places(names))

    def _same_types(self, names: Sequence[str], wanted: Sequence[str], theirs: Columns) -> list[pl.Expr]:
        """The reference's keys in the types of the table's."""
        exprs = []
        for place, name, other in zip(_places(names), names, wanted, strict=True):
            mine, given = self._columns.dtype(name), theirs.dtype(other)
            if mine != given and not (mine.is_numeric() and given.is_numeric()):
                raise RuleError(f"A column of the type {mine} cannot be found in one of the type {given}.")
            exprs.append(_as_type(pl.col(place), given, mine))
        return exprs

    def _sharded(self, keys: pl.LazyFrame, places: Sequence[str]) -> list[pl.LazyFrame]:
        return self._cut(keys, places, shards_for(self._run, size_of(self._head, self._rows)))

    def _cut(self, keys: pl.LazyFrame, places: Sequence[str], shards: int) -> list[pl.LazyFrame]:
        folder = Path(self._run.scratch) / f"keys{next(_folders)}"
        return sharded(keys, [pl.col(place) for place in places], count=shards, folder=folder)

    def _first(self, rows: pl.LazyFrame) -> pl.DataFrame:
        wanted = max(self._bounds.rows, self._bounds.examples)
        return rows.bottom_k(wanted, by=ROW).collect(engine="streaming").sort(ROW) if wanted else pl.DataFrame()

    def _noted(self, found: Found, failing: list[pl.DataFrame], names: Sequence[str]) -> Found:
        """The findings with the first of the failing rows, in the order of the table."""
        if not failing or not failing[0].width:
            return found
        rows = pl.concat(failing).sort(ROW)
        found.rows = rows[ROW].head(self._bounds.rows).to_list()
        shown = rows.head(self._bounds.examples)
        values = shown_rows(shown.select(_places(names)), names)
        found.examples = [{"row": row, "values": cells} for row, cells in zip(shown[ROW], values, strict=True)]
        return found


def _positions(table: Table, names: Collection[str]) -> list[int]:
    return [number for number, name in enumerate(table.head.columns) if name in names]


def _narrowed(run: Run, table: Table, names: Collection[str]) -> pl.LazyFrame:
    """These columns alone; those of text are read once and kept in scratch, however many rules look at them."""
    frame = with_texts(table.frame.select(pl.nth(_positions(table, names))))
    if table.format == "parquet":
        return frame
    path = run.scratch / f"keys{next(_folders)}.parquet"
    frame.sink_parquet(path, compression="lz4", statistics=False, maintain_order=True, engine="streaming")
    return pl.scan_parquet(path, glob=False)


def _as_type(key: pl.Expr, given: pl.DataType, mine: pl.DataType) -> pl.Expr:
    """A key in another type; what does not fit that one exactly becomes null, and is nobody's key."""
    if given == mine or (given.is_float() and mine.is_float()):
        return key.cast(mine)
    # A float stands for the shortest decimal that reads as it: 0.1 is a decimal 0.10.
    by_text = (given.is_float() and mine.is_decimal()) or (given.is_decimal() and mine.is_float())
    same = (key.cast(pl.String) if by_text else key).cast(mine, strict=False)
    # 1.5 would become 1, and 2^53 + 1 another float: so each is taken back, and has to be what it was.
    back = (same.cast(pl.String) if by_text else same).cast(given, strict=False)
    return pl.when(back == key).then(same)


def _places(names: Sequence[str]) -> list[str]:
    return [f"key{number}" for number in range(len(names))]


def _height(frame: pl.LazyFrame) -> int:
    return int(frame.select(pl.len()).collect(engine="streaming").item())
