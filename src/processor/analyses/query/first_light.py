"""A first answer from some rows of each table, before the whole is read."""

from collections.abc import Mapping

import polars as pl

from processor.analyses.query.answer import Answer
from processor.analyses.query.planning import Statement
from processor.analyses.query.tables import Tables
from processor.guard.failures import is_of_polars

# Whatever the statement does with them (a join of all with all, say), it is done in a moment.
_PAIRS = 1_000_000
# Rows from all over a table cost about 50 ms to draw. Where the whole answer may be there as soon, its first rows do.
_SMALL_BYTES = 64 << 20


def first_answer(statement: Statement, tables: Tables, *, preview_rows: int) -> Mapping[str, object] | None:
    """The answer from samples: the same shape, with `sample_rows` by input. None where the samples give none."""
    most = min(10_000, int(_PAIRS ** (1 / max(1, statement.scans))))
    samples = {name: rows.head(most) for name, rows in _rows(tables).items()}
    try:
        answer = Answer(
            statement.over({name: rows.lazy() for name, rows in samples.items()}),
            preview_rows=preview_rows,
            max_rows=None,
        )
        answer.frame().collect(engine="streaming")
    except BaseException as error:
        if not is_of_polars(error):
            raise
        return None
    return {**answer.data(), "sample_rows": {name: rows.height for name, rows in samples.items()}}


def _rows(tables: Tables) -> Mapping[str, pl.DataFrame]:
    if sum(table.bytes for table in tables.values()) <= _SMALL_BYTES:
        return {name: table.head for name, table in tables.items()}
    return {name: table.sample.frame for name, table in tables.items()}
