from pathlib import Path

import polars as pl

from helpers.checking import validate

FRAME = pl.DataFrame(
    {
        "id": range(100),
        "kind": ["a", "b"] * 50,
        "mail": [f"p{number}@example.org" for number in range(100)],
        "share": [None, *(number / 10 - 2 for number in range(99))],
    }
)


def test_suggested_rules_can_be_submitted_and_hold(tmp_path: Path) -> None:
    suggested = validate(tmp_path, FRAME, suggest=True).data["suggested"]

    again = validate(tmp_path, FRAME, *suggested)

    assert {rule["rule"] for rule in suggested} >= {"schema", "row_count", "not_null", "unique", "in_set", "between"}
    assert {"rule": "in_set", "column": "kind", "values": ["a", "b"]} in suggested
    assert {"rule": "unique", "columns": ["id"]} in suggested
    assert any(rule["rule"] == "regex" and rule["column"] == "mail" for rule in suggested)
    assert {rule["status"] for rule in again.rules} == {"passed"}


def test_suggested_rules_notice_what_changes(tmp_path: Path) -> None:
    suggested = validate(tmp_path, FRAME, suggest=True).data["suggested"]
    worse = FRAME.with_columns(kind=pl.lit("c"), id=pl.lit(7), mail=pl.lit("nobody"))

    found = validate(tmp_path, worse, *suggested)

    failed = {(rule["rule"], *rule["columns"]) for rule in found.rules if rule["status"] == "failed"}
    assert failed >= {("in_set", "kind"), ("unique", "id"), ("unique", "mail"), ("regex", "mail")}


def test_suggesting_alone_gives_no_verdict(tmp_path: Path) -> None:
    checked = validate(tmp_path, FRAME, suggest=True)

    assert checked.data["verdict"] is None
    assert "not checked" in checked.artifact("badge.svg").read_text("utf-8")


def test_what_the_first_rows_promise_is_checked_on_all(tmp_path: Path) -> None:
    frame = pl.DataFrame({"id": [*range(50_000), 0]})

    suggested = validate(tmp_path, frame, suggest=True).data["suggested"]

    assert not [rule for rule in suggested if rule["rule"] in {"unique", "monotonic"}]
