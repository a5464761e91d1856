"""Attacks on `validate` and `compare`: SQL in rules, patterns, names and values that mean something in XML, errors."""

from pathlib import Path
from xml.etree import ElementTree as ET

import polars as pl
import pytest

from helpers.checking import compare, validate

SECRET = "SECRET-4711"
HOSTILE = [
    "</testcase><failure/>",
    "]]><!ENTITY x SYSTEM 'file:///etc/passwd'>",
    "&lt;&#0;\x00\x01\x08\x0b\x1f\x7f",
    "\ud800\ufffe".encode("utf-8", "replace").decode() + "\ufffe\uffff",
    '"><script>alert(1)</script>',
    "a\nb\tc\rd",
    "\u202egnp.exe",
]


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.csv"
    path.write_text(f"{SECRET}\n{SECRET}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "n IN (SELECT column_1 FROM read_csv('{path}'))",
        "EXISTS (SELECT * FROM read_csv('{path}'))",
        "n > (SELECT count(*) FROM '{path}')",
        "n = 1 /**/ OR /* x */ 1 = (select\n1 from\tREAD_CSV ( '{path}' ) )",
        "n = 1 AND \"read_csv\"('{path}') = 1",
        "read_csv('{path}') = n",
        "n > 0 FROM read_csv('{path}')",
        "n > 0; SELECT * FROM read_csv('{path}')",
        "n > 0) OR (SELECT 1 FROM read_parquet('http://127.0.0.1:1/x'",
        "CASE WHEN n > 0 THEN (SELECT true FROM read_ndjson('{path}')) END",
        "sum(n) OVER () > 0",
        "DROP TABLE data",
    ],
)
@pytest.mark.parametrize("place", ["expression", "where"])
def test_rules_read_no_file_and_run_nothing(tmp_path: Path, secret: Path, text: str, place: str) -> None:
    sql = text.format(path=secret)
    rule = {"rule": "expression", "expression": sql} if place == "expression" else {"rule": "not_null", "column": "n"}
    more = {} if place == "expression" else {"where": sql}

    checked = validate(tmp_path, pl.DataFrame({"n": [1, 2]}), {**rule, **more})

    assert [found["status"] for found in checked.rules] == ["error"]
    assert checked.data["verdict"] == "error"
    told = str(checked.data["rules"][0]["message"]) + checked.artifact("junit.xml").read_text("utf-8")
    assert SECRET not in told


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(a*)*c", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_patterns_that_hang_others_come_back(tmp_path: Path, pattern: str) -> None:
    # One that backtracks would not come back from this in a lifetime.
    frame = pl.DataFrame({"s": ["a" * 100_000 + "!"]})

    found = validate(tmp_path, frame, {"rule": "regex", "column": "s", "pattern": pattern}).rules[0]

    assert (found["status"], found["failing"]) == ("failed", 1)


@pytest.mark.parametrize("pattern", ["(a{1000}){1000}", "(((a{100}){100}){100}){100}", "(?:\\w{1000}){500}", "(" * 300])
def test_patterns_that_grow_are_an_error(tmp_path: Path, pattern: str) -> None:
    found = validate(tmp_path, pl.DataFrame({"s": ["a"]}), {"rule": "regex", "column": "s", "pattern": pattern}).rules

    assert found[0]["status"] == "error"


def test_names_and_values_mean_nothing_in_xml(tmp_path: Path) -> None:
    # The reader shows names of columns that cannot be seen in another form; a rule's own name comes as it is.
    frame = pl.DataFrame(
        {f"c{place}": [value, value] for place, value in enumerate(HOSTILE)} | {HOSTILE[0]: ["x", None]}
    )
    rules = [{"rule": "unique", "columns": [f"c{place}"], "name": name} for place, name in enumerate(HOSTILE)]
    warned = [{**rule, "severity": "warning"} for rule in rules]
    named = [{"rule": "not_null", "column": HOSTILE[0]}, {"rule": "not_null", "column": HOSTILE[2]}]

    checked = validate(tmp_path, frame, *rules, *warned, *named)

    suite = ET.parse(checked.artifact("junit.xml")).getroot()[0]
    count = 2 * len(HOSTILE) + 2
    found = [suite.get(name) for name in ("tests", "failures", "errors")]
    assert found == [str(count), str(len(HOSTILE) + 1), "1"]
    assert [child.tag for child in suite] == ["properties", *["testcase"] * count, "system-out", "system-err"]
    assert {child.tag for case in suite.iter("testcase") for child in case} == {"failure", "error"}


def test_junit_has_what_both_schemas_ask_for(tmp_path: Path) -> None:
    checked = validate(tmp_path, pl.DataFrame({"n": [1]}), {"rule": "not_null", "column": "n"})

    suite = ET.parse(checked.artifact("junit.xml")).getroot()[0]
    wanted = {"name", "package", "id", "timestamp", "hostname", "tests", "failures", "errors", "time"}
    assert set(suite.keys()) >= wanted
    assert all(set(case.keys()) == {"name", "classname", "time"} for case in suite.iter("testcase"))


def test_a_badge_holds_nothing_of_the_data(tmp_path: Path) -> None:
    frame = pl.DataFrame({HOSTILE[4]: [SECRET, None]})
    checked = validate(tmp_path, frame, {"rule": "not_null", "column": HOSTILE[4], "name": "<script>"})

    badge = checked.artifact("badge.svg").read_text("utf-8")
    assert "failed, 0 of 1" in badge
    assert "script" not in badge
    assert SECRET not in badge
    ET.fromstring(badge)


def test_messages_and_warnings_quote_no_value(tmp_path: Path) -> None:
    frame = pl.DataFrame({"s": [SECRET, "1"], "n": [1, 2]})
    rules = [
        {"rule": "expression", "expression": "CAST(s AS INTEGER) > 0"},
        {"rule": "expression", "expression": "CAST(s AS DATE) > '2020-01-01'"},
        {"rule": "type", "column": "s", "type": "integer"},
        {"rule": "between", "column": "s", "min": "z"},
        {"rule": "unique", "columns": ["n"], "where": "CAST(s AS INTEGER) > 0"},
    ]

    checked = validate(tmp_path, frame, *rules)

    told = [rule["message"] for rule in checked.rules] + [str(checked.run.warnings), str(checked.run.lines)]
    assert not any(SECRET in text for text in told)


def test_hostile_names_and_values_are_compared_like_any_other(tmp_path: Path) -> None:
    frame = pl.DataFrame({name: [name, "x"] for name in HOSTILE})

    data = compare(tmp_path, frame, frame.reverse(), keys=[HOSTILE[0]]).data

    assert data["identical"]
