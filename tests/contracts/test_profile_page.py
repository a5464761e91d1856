"""The page about `profile` says what the kind does: params, keys, meanings, alerts."""

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import polars as pl

from helpers.profiling import profile_file
from processor.analyses.profile import KIND
from processor.analyses.profile.alerts import TABLE_RULES
from processor.analyses.profile.meanings import BY_NAME
from processor.analyses.profile.rules import RULES

PAGE = Path(__file__).parents[2] / "docs" / "kinds" / "profile.md"
ALERT = re.compile(r"^\| `(\w+)` \| ([\d.e+]+) \| (info|warning) \| (.+) \|$", re.MULTILINE)


def section(title: str) -> str:
    return PAGE.read_text().split(f"# {title}\n", 1)[1].split("\n## ", 1)[0]


def words_of(text: str) -> set[str]:
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return {word for row in rows for word in re.findall(r"`(\w+)`", row)}


def test_the_page_lists_every_param_and_its_default() -> None:
    rows = {match[1]: match[2] for match in re.finditer(r"^\| `(\w+)` \| ([^|]+) \|", section("Params"), re.MULTILINE)}
    plain = {
        name: field.default for name, field in KIND.params.model_fields.items() if type(field.default) in {bool, int}
    }

    assert rows.keys() == KIND.params.model_fields.keys()
    assert {name: json.loads(rows[name]) for name in plain} == plain


def test_the_page_lists_every_alert_with_its_threshold() -> None:
    found = {code: (float(threshold), level) for code, threshold, level, _ in ALERT.findall(section("Alerts"))}

    columns = {rule.code: (rule.threshold, rule.level) for rule in RULES}
    assert {code: found[code] for code in columns} == columns
    assert {code: found[code][0] for code in TABLE_RULES} == TABLE_RULES
    assert found.keys() == columns.keys() | TABLE_RULES.keys()


def test_the_page_lists_every_meaning() -> None:
    assert words_of(PAGE.read_text().split("### Meanings")[1].split("## Alerts")[0]) >= BY_NAME.keys()


def test_the_page_lists_every_key_of_a_result(tmp_path: Path) -> None:
    data = result_of_all_types(tmp_path)
    keys = set(data) | {key for column in with_inside(data["columns"]) for key in column}

    assert keys <= words_of(section("Result"))


def with_inside(columns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    inside = [[*column.get("fields", []), *([column["items"]] if "items" in column else [])] for column in columns]
    return [*columns, *(nested for one in inside for nested in with_inside(one))]


def result_of_all_types(folder: Path) -> dict[str, Any]:
    path = folder / "data.parquet"
    days = [dt.date(2020, 1, 1), dt.date(2020, 1, 3)]
    pl.DataFrame(
        {
            "text": ["a@b.de", "x"],
            "real": [0.5, None],
            "whole": [2020, 2021],
            "day": days,
            "span": [dt.timedelta(1), dt.timedelta(2)],
            "bytes": [b"a", b"b"],
            "list": [["a"], ["b"]],
            "struct": [{"a": days[0]}, {"a": days[1]}],
        }
    ).write_parquet(path)
    return dict(profile_file(path).outcome.data)
