"""The kind `profile`: every column of a table at a glance; an estimate at once, the whole after one pass."""

from pathlib import Path

from processor.analyses.profile.analysis import analyse
from processor.analyses.profile.params import ProfileParams
from processor.analyses.profile.report import REPORT
from processor.kind import Kind
from processor.result_schema import definitions_of

KIND = Kind(
    name="profile",
    version="5",
    title="Profile a table",
    summary=(
        "Types, nulls, distinct and most frequent values, range, mean, quantiles and a histogram of every column, in"
        " one pass over a table of any format and size. An estimate from a sample of it comes within a second."
    ),
    params=ProfileParams,
    inputs={"data": "The table to profile: CSV, Parquet, JSON, Arrow, Avro or Excel."},
    example={"top_k": 10},
    analyse=analyse,
    report=REPORT,
    result=definitions_of(Path(__file__).with_name("result.schema.json")),
)
