"""The artifact with failing rows: the first of them, whole, each with the names of the rules that it breaks."""

from collections import defaultdict
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
    names: dict[int, list[str]] = defaultdict(list)
    for rule in rules:
        for row in rule.found.rows:
            names[row].append(name_of(rule.rule))
    first = sorted(names)[:most]
    schema: dict[str, pl.DataType] = {ROW: pl.Int64(), "\0rules": pl.List(pl.String)}
    return pl.DataFrame({ROW: first, "\0rules": [names[row] for row in first]}, schema=schema)


def _free(taken: Sequence[str]) -> list[str]:
    names = ["row", "broken_rules"]
    return [name + "_" * sum(other.rstrip("_") == name for other in taken) for name in names]
