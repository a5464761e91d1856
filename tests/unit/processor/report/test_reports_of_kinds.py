"""The report of every kind: made of a table whose names and values are code, and none of it is."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from helpers.analysing import analysed
from helpers.page_of import PageOf
from processor.kind import installed_kinds

CODE = "<script>alert(1)</script>"
KINDS = {name: kind for name, kind in installed_kinds().items() if kind.report is not None}
TABLE = pl.DataFrame({CODE: [CODE, "</style><b onclick=x>", CODE], "n": [1, 2, 3]})
PARAMS: dict[str, dict[str, Any]] = {
    "compare": {"keys": ["n"]},
    "convert": {"format": "csv"},
    "profile": {},
    "query": {"sql": "SELECT * FROM data"},
    "validate": {"suggest": True, "rules": [{"rule": "in_set", "column": CODE, "values": ["x"], "name": CODE}]},
}
INPUTS = {"compare": ("left", "right")}


def test_every_kind_that_is_ours_has_a_report_and_is_tried_here() -> None:
    assert set(KINDS) == set(PARAMS) & set(KINDS)
    assert set(KINDS) >= {"compare", "convert", "profile", "query", "validate"}


@pytest.mark.parametrize("name", sorted(KINDS))
def test_names_and_values_are_shown_and_never_done(name: str, tmp_path: Path) -> None:
    kind = KINDS[name]
    path = tmp_path / "table.parquet"
    TABLE.write_parquet(path)
    inputs = dict.fromkeys(INPUTS.get(name, ("data",)), path)
    found = analysed(kind, inputs, tmp_path / "scratch", **PARAMS[name])
    given = {"filename": CODE, "sha256": "0", "bytes": 1, "rows": 3}
    assert kind.report is not None
    text = kind.report(
        {
            "kind": name,
            "version": kind.version,
            "engine": {},
            "inputs": dict.fromkeys(inputs, given),
            "timings": {"a": 1.0},
            "warnings": [{"code": CODE, "message": CODE}],
            "summary": found.outcome.summary,
            "data": found.data,
            "artifacts": [],
        }
    )
    page = PageOf(text)

    assert page.tags.isdisjoint({"script", "b", "img", "iframe", "link"})
    assert not any(attribute.startswith("on") for attribute in page.attributes)
    assert page.text.count(CODE) >= 2
    assert page.values("lang") == ["en"]
