"""The columns of a wide table on their way to the watchers: some at a time, so that the first wait for no others."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from processor.analyses.profile.shown import Shown
from processor.run import Run

PORTION = 32

One = TypeVar("One")


def tell_columns(
    run: Run,
    columns: Sequence[One],
    show: Callable[[list[One]], list[Shown]],
    *,
    known: Mapping[str, object],
    estimate: bool,
) -> list[Shown]:
    """Push partial results of PORTION columns each, every one as soon as it is made; gives back all that was shown.

    Where that is more than one, `place` says which columns a partial result holds.

    Args:
        run: where they are told.
        columns: all of them.
        show: makes what is shown of some.
        known: what is said beside the columns.
        estimate: whether they are estimates.
    """
    told: list[Shown] = []
    for start in range(0, max(1, len(columns)), PORTION):
        some = show(list(columns[start : start + PORTION]))
        place = {"place": {"from": start, "of": len(columns)}} if len(columns) > PORTION else {}
        run.partial({**known, "columns": some, **place}, estimate=estimate)
        told += some
    return told
