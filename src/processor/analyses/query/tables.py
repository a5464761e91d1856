"""All inputs as tables at once.

Each is read by a ladder of its own, which mends its plan where the file proves to be otherwise than its sample said
(see `processor.reading`). A query reads all of them, and an error of Polars does not tell which file it means: so the
files are looked at one by one, and the ladder of the one that fails alone gets its error.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from common.errors import ParamsError
from processor.analyses.part_run import PartRun
from processor.analyses.query.params import QueryParams
from processor.guard.refusal import near, shown
from processor.kind import Input
from processor.reading import ReadOptions, Table, read
from processor.reading.blame import failure_alone
from processor.run import Run

MOST_INPUTS = 8
Found = TypeVar("Found")
Tables = Mapping[str, Table]


class UnreadableError(Exception):
    """One of the tables cannot be read to its end."""

    def __init__(self, name: str, cause: BaseException) -> None:
        super().__init__(name)
        self.name = name
        self.cause = cause


def with_tables(run: Run, inputs: Mapping[str, Input], params: QueryParams, work: Callable[[Tables], Found]) -> Found:
    """Do `work` on the tables of all inputs; it is repeated when the reading of one of them was mended.

    Raises:
        InputError: an input holds no table that could be read.
        ParamsError: there are too many inputs, or options for one that is not there.
    """
    _check(inputs, params)
    runs = {}
    for number, name in enumerate(inputs):
        folder = run.scratch / f"input-{number}"
        folder.mkdir(exist_ok=True)
        runs[name] = PartRun(run, scratch=folder, label=f"{name}: " if len(inputs) > 1 else "")
    return _opened(list(inputs.values()), {}, runs, params, work)


def unreadable(tables: Tables) -> UnreadableError | None:
    """The first table that cannot be read alone either, after the query over all of them failed."""
    for name, table in tables.items():
        cause = failure_alone(table)
        if cause is not None:
            return UnreadableError(name, cause)
    return None


def _check(inputs: Mapping[str, Input], params: QueryParams) -> None:
    if len(inputs) > MOST_INPUTS:
        raise ParamsError(
            f"There are {len(inputs)} inputs.", pointer="/inputs", advice=f"Give one to {MOST_INPUTS} tables."
        )
    for name in params.read_options:
        if name not in inputs:
            raise ParamsError(
                f"There is no input {shown(name)}.",
                pointer="/params/read_options",
                advice=near(name, inputs, what="inputs"),
            )


def _opened(
    waiting: list[Input],
    opened: Tables,
    runs: Mapping[str, Run],
    params: QueryParams,
    work: Callable[[Tables], Found],
) -> Found:
    if not waiting:
        return work(opened)
    first, *rest = waiting

    def with_this(table: Table) -> Found:
        try:
            return _opened(rest, {**opened, first.name: table}, runs, params, work)
        except UnreadableError as unreadable:
            if unreadable.name != first.name:
                raise
            raise unreadable.cause from None

    options = params.read_options.get(first.name, ReadOptions())
    return read(runs[first.name], first, options, with_this)
