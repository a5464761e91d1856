"""The kind `profile`: every column of a table at a glance; an estimate at once, the whole after one pass."""

from processor.analyses.profile.analysis import analyse
from processor.analyses.profile.params import ProfileParams
from processor.analyses.profile.report import REPORT
from processor.kind import Kind

KIND = Kind(
    name="profile",
    version="2",
    title="Profile a table",
    summary=(
        "Types, nulls, distinct and most frequent values, range, mean, quantiles and a histogram of every column, in"
        " one pass over CSV or Parquet of any size. An estimate from the first rows comes within a second."
    ),
    params=ProfileParams,
    inputs={"data": "The table to profile: CSV, Parquet, JSON, Arrow, Avro or Excel."},
    example={"top_k": 10},
    analyse=analyse,
    report=REPORT,
)
