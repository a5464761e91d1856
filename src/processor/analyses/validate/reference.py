"""The second table, to which foreign keys lead: its keys, brought into scratch once."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from processor.analyses.part_run import PartRun
from processor.analyses.validate.columns import with_texts
from processor.analyses.validate.params import ValidateParams
from processor.analyses.validate.rules import ForeignKey
from processor.kind import Input
from processor.reading import Table, read
from processor.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The keys of the second table."""

    frame: pl.LazyFrame
    rows: int


def read_reference(run: Run, source: Input, params: ValidateParams) -> Reference:
    """Read the columns that rules lead to, and keep them in scratch; the file is read once.

    Raises:
        InputError: the file holds no table that could be read.
    """
    run.phase("reference")
    wanted = _wanted(params)

    def work(table: Table) -> Reference:
        run.phase("reference")
        frame = with_texts(table.frame)
        places = [number for number, name in enumerate(table.head.columns) if name in wanted]
        path = run.scratch / "reference.parquet"
        # With none of the columns there, the first stands for all, so that the rows can still be counted.
        frame.select(pl.nth(places or [0])).sink_parquet(path, compression="lz4", engine="streaming")
        kept = pl.scan_parquet(path, glob=False)
        return Reference(frame=kept, rows=int(kept.select(pl.len()).collect().item()))

    named = PartRun(run, scratch=run.scratch, label=f"{source.name}: ")
    return read(named, source, params.reference_options, work)


def _wanted(params: ValidateParams) -> set[str]:
    names: set[str] = set()
    for rule in params.rules:
        if isinstance(rule, ForeignKey):
            columns: Sequence[str] = rule.reference_columns or rule.columns
            names |= set(columns)
    return names
