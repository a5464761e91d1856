"""The kind `validate`: does a table keep the rules that it should? Every row is looked at."""

from pathlib import Path

from processor.analyses.validate.analysis import analyse
from processor.analyses.validate.params import ValidateParams
from processor.kind import Kind
from processor.report import report_of
from processor.result_schema import definitions_of

KIND = Kind(
    name="validate",
    version="4",
    title="Validate a table",
    summary=(
        "Checks every row against rules: missing and repeated values, sets, ranges, patterns, types, keys of a second"
        " table, SQL expressions. Gives counts and examples, the failing rows, JUnit XML and a badge; suggests rules."
    ),
    params=ValidateParams,
    inputs={
        "data": "The table to check.",
        "reference?": "A second table, where keys are looked up (rules of `foreign_key`); may be left out.",
    },
    example={"rules": [], "suggest": True},
    analyse=analyse,
    report=report_of(Path(__file__).with_name("report.html")),
    result=definitions_of(Path(__file__).with_name("result.schema.json")),
)
