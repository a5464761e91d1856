"""The one way in: `read` finds out what a file is, and reads it anew where its sample misled."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from common.errors import InputError
from processor.kind import Input
from processor.reading.delimited import DelimitedFile
from processor.reading.faults import is_about_the_file
from processor.reading.options import ReadOptions
from processor.reading.parquet import ParquetFile
from processor.reading.read_ahead import bound_read_ahead
from processor.reading.signature import Signature, recognise
from processor.reading.table import Table
from processor.run import Run

Found = TypeVar("Found")
_RUNGS = 8


class _File(Protocol):
    def table(self, *, sample_rows: int) -> Table: ...

    def mend(self, error: BaseException) -> None: ...


def read(
    run: Run, source: Input, options: ReadOptions, work: Callable[[Table], Found], *, sample_rows: int = 10_000
) -> Found:
    """Do `work` on the table that `source` holds.

    A retry ladder: where the file proves to be otherwise than its sample said (a type that changes late, lines with
    too many fields), the plan is mended, the decision is told by `run.warn`, and `work` starts again: it must be
    repeatable.

    Args:
        run: takes the warnings and gives scratch space.
        source: the file.
        options: what the caller knows better.
        work: gets the table; errors of its own pass through.
        sample_rows: at most so many rows in `Table.head`.

    Raises:
        InputError: the file holds no table that could be read; the sentence quotes none of its data.
    """
    bound_read_ahead()
    file = _open(run, source, options)
    for _ in range(_RUNGS):
        try:
            return work(file.table(sample_rows=sample_rows))
        except BaseException as error:
            if not is_about_the_file(error):
                raise
            _mend(file, error)
    raise InputError("The file was read in several ways, and none of them fits.", advice="Set read_options.")


def _mend(file: _File, error: BaseException) -> None:
    """Mend the plan; what comes up while looking closer is mended in its place."""
    try:
        file.mend(error)
    except BaseException as closer:
        if not is_about_the_file(closer):
            raise
        file.mend(closer)


def _open(run: Run, source: Input, options: ReadOptions) -> _File:
    signature = recognise(source.path)
    if options.format == "parquet" and signature is not Signature.PARQUET:
        raise InputError("The file is not Parquet.", advice="Leave read_options.format out, or hand in Parquet.")
    if options.format == "csv" and signature is Signature.PARQUET:
        raise InputError("The file is Parquet, not CSV.", advice="Leave read_options.format out.")
    if signature is Signature.PARQUET:
        return ParquetFile(source)
    return DelimitedFile.open(run, source, options, signature)
