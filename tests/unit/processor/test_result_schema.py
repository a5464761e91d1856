"""The schemas of results: each kind announces one, and a result that lacks a key does not fit."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from jsonschema import Draft202012Validator
from jsonschema_rs import ValidationError

from helpers.checking import run_kind, stored
from helpers.result_checks import check
from processor.analyses.compare import KIND as COMPARE
from processor.analyses.convert import KIND as CONVERT
from processor.analyses.profile import KIND as PROFILE
from processor.analyses.query import KIND as QUERY
from processor.analyses.validate import KIND as VALIDATE
from processor.kind import Kind

KINDS = (COMPARE, CONVERT, PROFILE, QUERY, VALIDATE)
ASKED: dict[str, dict[str, Any]] = {
    "compare": {},
    "convert": {},
    "profile": {},
    "query": {"sql": "SELECT * FROM data"},
    "validate": {"rules": [{"rule": "not_null", "column": "a"}]},
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_announces_a_schema_of_its_results(kind: Kind[Any]) -> None:
    schema = kind.announcement()["result_schema"]

    Draft202012Validator.check_schema(schema)
    assert {"Summary", "Data", "Partial"} <= kind.result.keys()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_result_that_lacks_a_key_or_has_another_does_not_fit(kind: Kind[Any], tmp_path: Path) -> None:
    table = stored(tmp_path, "table", pl.DataFrame({"a": [1, 2, 3], "b": ["x", "y", None]}))
    names = ("left", "right") if kind is COMPARE else ("data",)
    found = run_kind(kind, tmp_path, dict.fromkeys(names, table), **ASKED[kind.name])

    optional = {"correlations", "missing"}
    for key in found.data.keys() - optional:
        with pytest.raises(ValidationError):
            check(kind, "Data", {name: value for name, value in found.data.items() if name != key})
    with pytest.raises(ValidationError):
        check(kind, "Data", {**found.data, "another": 1})
