"""Reading what people hand in: find out what a file is, say every decision, and never let garbage pass in silence."""

from processor.reading.options import ReadOptions
from processor.reading.reader import read
from processor.reading.rows_sample import Drawn, RowsSample
from processor.reading.table import Table

__all__ = ["Drawn", "ReadOptions", "RowsSample", "Table", "read"]
