"""What is done to the table before it is written: lazily, and each column that is named is one that is there."""

from collections.abc import Collection, Iterable

import polars as pl

from common.errors import ParamsError
from processor.analyses.convert.params import ConvertParams
from processor.guard import guard_condition
from processor.guard.refusal import near, shown


def check_names(params: ConvertParams, names: Collection[str]) -> None:
    """Refuse names of columns that are not there, and new names that are there twice.

    Raises:
        ParamsError: with the near names.
    """
    for pointer, name in _named(params):
        if name not in names:
            advice = near(name, names, what="columns")
            raise ParamsError(f"The table has no column {shown(name)}.", pointer=pointer, advice=advice)
    written = [params.rename.get(name, name) for name in params.columns or names]
    if len(set(written)) < len(written):
        raise ParamsError(
            "Two columns would have the same name.", pointer="/params/rename", advice="Give each a name of its own."
        )
    for number, name in enumerate(params.partition_by):
        if params.columns is not None and name not in params.columns:
            raise ParamsError(
                f"{name[:80]!r} is not written.",
                pointer=f"/params/partition_by/{number}",
                advice="Add it to `columns`.",
            )


def _named(params: ConvertParams) -> Iterable[tuple[str, str]]:
    """Each column that the params name, and where."""
    yield from ((f"/params/columns/{number}", name) for number, name in enumerate(params.columns or ()))
    yield from (("/params/cast", name) for name in params.cast)
    yield from (("/params/rename", name) for name in params.rename)
    yield from ((f"/params/sort/{number}/by", each.by) for number, each in enumerate(params.sort))
    yield from ((f"/params/partition_by/{number}", name) for number, name in enumerate(params.partition_by))
    if isinstance(params.dedupe, list):
        yield from ((f"/params/dedupe/{number}", name) for number, name in enumerate(params.dedupe))


def shaped(frame: pl.LazyFrame, params: ConvertParams, names: list[str]) -> pl.LazyFrame:
    """The frame after filter, dedupe, sort, select, rename and limit.

    Raises:
        ParamsError: the filter is no expression over these columns.
    """
    if params.filter is not None:
        condition = guard_condition(params.filter, schema=frame.collect_schema(), pointer="/params/filter")
        frame = frame.filter(condition.expression)
    if params.dedupe:
        # By position: a column may be named `*` or `^a$`, which a name would take for many.
        subset = [pl.nth(names.index(name)) for name in params.dedupe] if isinstance(params.dedupe, list) else None
        frame = frame.unique(subset, keep="first", maintain_order=True)
    if params.sort:
        frame = frame.sort(
            [pl.nth(names.index(each.by)) for each in params.sort],
            descending=[each.descending for each in params.sort],
            nulls_last=[each.nulls_last for each in params.sort],
            maintain_order=True,
        )
    chosen = params.columns or names
    frame = frame.select([pl.nth(names.index(name)).alias(params.rename.get(name, name)) for name in chosen])
    return frame if params.limit is None else frame.head(params.limit)
