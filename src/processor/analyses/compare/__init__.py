"""The kind `compare`: what differs between two tables, row by row and as a whole."""

from pathlib import Path

from processor.analyses.compare.analysis import analyse
from processor.analyses.compare.params import CompareParams
from processor.kind import Kind
from processor.report import report_of
from processor.result_schema import definitions_of

KIND = Kind(
    name="compare",
    version="4",
    title="Compare two tables",
    summary=(
        "Columns, rows that only one table has, and changed values, matched by keys or as whole rows, with tolerances;"
        " how each column's values have shifted. Larger than memory."
    ),
    params=CompareParams,
    inputs={"left": "The table as it was.", "right": "The table as it is."},
    example={},
    analyse=analyse,
    report=report_of(Path(__file__).with_name("report.html")),
    result=definitions_of(Path(__file__).with_name("result.schema.json")),
)
