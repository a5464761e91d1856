"""The kind `convert`: a table in another format, with fewer, other or differently typed columns and rows."""

from pathlib import Path

from processor.analyses.convert.analysis import analyse
from processor.analyses.convert.params import ConvertParams
from processor.kind import Kind
from processor.report import report_of
from processor.result_schema import definitions_of

KIND = Kind(
    name="convert",
    version="4",
    title="Convert a table",
    summary=(
        "Writes a table as Parquet, CSV, TSV, NDJSON, JSON, Arrow, Avro or Excel, compressed or not; casts, filters,"
        " dedupes, sorts, selects and renames before, and names everything that the format cannot keep."
    ),
    params=ConvertParams,
    inputs={"data": "The table to convert."},
    example={"format": "parquet"},
    analyse=analyse,
    report=report_of(Path(__file__).with_name("report.html")),
    result=definitions_of(Path(__file__).with_name("result.schema.json")),
)
