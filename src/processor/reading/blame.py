"""Whose fault it is when Polars fails: the file's, or that of what the caller wrote about it.

Its errors do not tell. A cast in a caller's expression fails with the same words as the reading of a file whose types
change late. So the file is read alone: only what fails then is the file's.
"""

import polars as pl

from processor.reading.faults import Fault, diagnose, is_about_the_file
from processor.reading.table import Table


def failure_alone(table: Table) -> BaseException | None:
    """What Polars raises when it does nothing but read the table to its end; None where it can.

    It costs a pass over the file: ask after a failure, never before.
    """
    try:
        table.frame.sink_batches(lambda _: None, maintain_order=False, engine="streaming")
    except BaseException as error:
        if not is_about_the_file(error):
            raise
        return error
    return None


def is_of_the_work(error: BaseException, table: Table | None) -> bool:
    """True for a failure of Polars that says nothing of a file, where the file can be read to its end.

    A panic, an overflow: they come of what an analysis does with values that are there, at least as often as of damage.
    """
    panicked = isinstance(error, pl.exceptions.PanicException)
    if table is None or not (panicked or isinstance(error, pl.exceptions.PolarsError)):
        return False
    if diagnose(error).fault not in {Fault.UNREADABLE, Fault.UNSUPPORTED, Fault.TWICE, Fault.ROWS}:
        return False
    return failure_alone(table) is None
