"""The kind `query`: SQL over one or several tables; a look at the result, and the whole of it as a file."""

from pathlib import Path

from common.words import ANY_INPUT
from processor.analyses.query.analysis import analyse
from processor.analyses.query.params import QueryParams
from processor.kind import Kind
from processor.report import report_of
from processor.result_schema import definitions_of

KIND = Kind(
    name="query",
    version="4",
    title="Query with SQL",
    summary=(
        "One SELECT over one to eight tables, each under the name that it has in `inputs`. The first rows of the"
        " answer, and the whole of it as Parquet, CSV, NDJSON or Arrow, larger than memory."
    ),
    params=QueryParams,
    inputs={ANY_INPUT: "A table: CSV, Parquet, JSON … Its name here is its name in SQL; one to eight."},
    example={"sql": "SELECT count(*) AS rows FROM data"},
    analyse=analyse,
    report=report_of(Path(__file__).with_name("report.html")),
    result=definitions_of(Path(__file__).with_name("result.schema.json")),
)
