"""The artifact with failing rows: the first of them, whole, each with the names of the rules that it breaks."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from processor.analyses.rows import ROW, numbered
from processor.analyses.validate.rules import name_of
from processor.analyses.validate.verdict import Judged
from processor.reading import Table


def write_failing_rows(path: Path, table: Table, rules: Sequence[Judged], *, most: int) -> int:
    """Write at most `most` rows, in the table's order; gives back how many, 0 and no file where none fails.

    It reads the table once more, but only as far as the last of these rows.
    """
    broken = _broken(rules, most)
    if not broken.height:
        return 0
    last = int(broken[ROW][-1])
    rows = numbered(table.frame).head(last).join(broken.lazy(), on=ROW, how="inner")
    found = rows.collect(engine="streaming").sort(ROW)
    names = _free(table.head.columns)
    numbers, labels = found[ROW].alias(names[0]), found["\0rules"].alias(names[1])
    # Hashed joins put the rules last; in front they are seen first.
    pl.DataFrame([numbers, labels, *found.drop(ROW, "\0rules").get_columns()]).write_parquet(path)
    return found.height


def _broken(rules: Sequence[Judged], most: int) -> pl.DataFrame:
    """The first of the rows that break any rule, with the names of those in their order."""
    broken = pl.DataFrame(schema={ROW: pl.Int64(), "\0rules": pl.UInt32()})
    for number, rule in enumerate(rules):
        rows = pl.DataFrame({ROW: rule.found.rows}, schema={ROW: pl.Int64()})
        broken.vstack(rows.with_columns(pl.lit(number, dtype=pl.UInt32).alias("\0rules")), in_place=True)
    first = broken.select(pl.col(ROW).unique().sort().head(most))
    kept = first.join(broken, on=ROW, maintain_order="left_right")
    names = pl.Series("\0rules", [name_of(rule.rule) for rule in rules], dtype=pl.String)
    named = kept.with_columns(names.gather(kept["\0rules"]))
    return named.group_by(ROW, maintain_order=True).agg("\0rules")


def _free(taken: Sequence[str]) -> list[str]:
    names = ["row", "broken_rules"]
    return [name + "_" * sum(other.rstrip("_") == name for other in taken) for name in names]
