"""Whose fault it is when Polars fails: the file's, or that of what the caller wrote about it.

Its errors do not tell. A cast in a caller's expression fails with the same words as the reading of a file whose types
change late. So the file is read alone: only what fails then is the file's.
"""

from processor.analyses.batches import batches
from processor.reading import Table
from processor.reading.faults import is_about_the_file


def failure_alone(table: Table) -> BaseException | None:
    """What Polars raises when it does nothing but read the table to its end; None where it can.

    It costs a pass over the file: ask after a failure, never before.
    """
    try:
        for _ in batches(table.frame, in_order=False):
            pass
    except BaseException as error:
        if not is_about_the_file(error):
            raise
        return error
    return None
