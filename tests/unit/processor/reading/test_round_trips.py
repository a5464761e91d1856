"""Any table, written by other hands in many dialects and formats, is read back equal by our reader alone, or a warning
names the column that differs."""

import csv
import datetime as dt
import io
import itertools
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from helpers.profiling import input_of
from helpers.recording_run import RecordingRun
from processor.reading import ReadOptions, read

# A letter in front: text that could be a number, a date or a word for nothing is one in text formats, see below.
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8).map("t{}".format)
PIECES = st.sampled_from(['"', '""', ",", ";", "\t", "|", "'", "#", "007", " ", "\n", "é", "日本", "\U0001f31e"])
TEXTS = WORDS | st.lists(PIECES, max_size=5).map(lambda pieces: "t" + "".join(pieces))
KINDS: Mapping[str, st.SearchStrategy[Any]] = {
    "text": TEXTS,
    "integer": st.integers(-(2**63), 2**63 - 1),
    "huge": st.integers(-(10**37), 10**37),
    "float": st.floats(-1e300, 1e300),
    "flag": st.booleans(),
    "day": st.dates(min_value=dt.date(1900, 3, 1)),
    "moment": st.datetimes(min_value=dt.datetime(1900, 3, 1)),  # noqa: DTZ001  # tables have no zones
    "decimal": st.decimals(-(10**8), 10**8, places=2),
}
NAMES = ("id", "größe", "two words", 'q"q', "日本", "a,b", "<b>", "x;y")
Table = dict[str, list[Any]]


@st.composite
def tables(draw: st.DrawFn) -> Table:
    kinds = draw(st.lists(st.sampled_from(list(KINDS)), min_size=1, max_size=len(NAMES)))
    rows = draw(st.integers(0, 12))
    empty = draw(st.booleans())
    return {
        name: draw(st.lists(KINDS[kind] | st.none() if empty else KINDS[kind], min_size=rows, max_size=rows))
        for name, kind in zip(NAMES, kinds, strict=False)
    }


def written(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def delimited(table: Table, *, delimiter: str, newline: str, encoding: str, quoting: Any) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=newline, quoting=quoting)
    writer.writerow(table)
    writer.writerows([written(value) for value in row] for row in zip(*table.values(), strict=True))
    return out.getvalue().encode(encoding)


def found(folder: Path, content: bytes) -> tuple[pl.DataFrame, RecordingRun]:
    folder.mkdir()
    (folder / "scratch").mkdir()
    path = folder / "input"
    path.write_bytes(content)
    run = RecordingRun(folder / "scratch")
    return read(run, input_of(path), ReadOptions(), lambda table: table.frame.collect(engine="streaming")), run


def is_same(value: Any, wanted: Any) -> bool:
    """Equal, or in the one other form that text has for it."""
    if wanted is None or value is None:
        return value in {None, ""} and wanted in {None, ""}
    if isinstance(wanted, Decimal | float):
        return not isinstance(value, str | bool) and float(value) == float(wanted)
    if isinstance(wanted, bool) or isinstance(value, bool):
        return value is wanted
    return bool(value == wanted) or str(value) == str(wanted)


def assert_same(frame: pl.DataFrame, run: RecordingRun, table: Table) -> None:
    said = " ".join(message for _, message in run.warnings)
    rows = len(next(iter(table.values())))
    assert frame.columns == list(table)
    assert frame.height == rows
    for name, wanted in table.items():
        got = frame[name].to_list()
        if not all(map(is_same, got, wanted)):
            assert repr(name) in said, (name, got, wanted)


DIALECTS = {
    "comma": (",", "\n", "utf-8"),
    "semicolon and CR LF behind a mark": (";", "\r\n", "utf-8-sig"),
    "tab in UTF-16": ("\t", "\n", "utf-16"),
    "bar": ("|", "\r\n", "utf-8"),
    "tab and CR": ("\t", "\r", "utf-8"),
}
QUOTINGS = {"all": csv.QUOTE_ALL, "needed": csv.QUOTE_MINIMAL, "text": csv.QUOTE_NONNUMERIC}
WAYS = list(itertools.product(DIALECTS, QUOTINGS))
careful = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],
)


def has_line_ends(table: Table) -> bool:
    return any("\n" in value for values in table.values() for value in values if isinstance(value, str))


@pytest.mark.parametrize(("dialect", "quoting"), WAYS)
@careful
@given(table=tables().filter(lambda table: len(table) > 1))
def test_delimited_text(tmp_path_factory: pytest.TempPathFactory, dialect: str, quoting: str, table: Table) -> None:
    delimiter, newline, encoding = DIALECTS[dialect]
    if newline == "\r" and has_line_ends(table):
        return  # a line feed in a cell of a file whose lines end otherwise is a line end to most programs
    content = delimited(table, delimiter=delimiter, newline=newline, encoding=encoding, quoting=QUOTINGS[quoting])

    assert_same(*found(tmp_path_factory.mktemp("round") / "trip", content), table)


def as_lines(table: Table) -> bytes:
    rows = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    return "".join(f"{json.dumps(row, default=plain, ensure_ascii=False)}\n" for row in rows).encode()


def as_list(table: Table) -> bytes:
    rows = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    return json.dumps(rows, default=plain, indent=1).encode()


def as_sheet(table: Table) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(table))
    for row in zip(*table.values(), strict=True):
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else str(value)


FORMATS: Mapping[str, Callable[[Table], bytes]] = {
    "objects a line": as_lines,
    "a list of objects": as_list,
    "a sheet": as_sheet,
}


def as_a_sheet_has_it(value: Any) -> Any:
    """A sheet has doubles, whose last digits its writer leaves out, and moments in milliseconds."""
    match value:
        case dt.datetime():
            return value.replace(microsecond=value.microsecond // 1000 * 1000)
        case bool() | str() | dt.date() | None:
            return value
        case _:
            return float(f"{float(value):.15g}")


@pytest.mark.parametrize("form", FORMATS)
@careful
@given(table=tables().filter(lambda table: len(table) > 1 and len(next(iter(table.values()))) > 0))
def test_other_formats(tmp_path_factory: pytest.TempPathFactory, form: str, table: Table) -> None:
    if form == "a sheet":  # where a row without any value is none
        rows = [row for row in zip(*table.values(), strict=True) if set(row) != {None}]
        table = {name: [as_a_sheet_has_it(row[place]) for row in rows] for place, name in enumerate(table)}

    assert_same(*found(tmp_path_factory.mktemp("round") / "trip", FORMATS[form](table)), table)


def test_empty_texts_between_quotes_are_missing_numbers_dates_times_and_truths(tmp_path: Path) -> None:
    rows = ['"1","1.5","2024-01-01","12:30:00","true","1,5"', '"","","","","",""']
    content = "\n".join(['"a","b","c","d","e","f"', *rows, ""]).encode()
    frame, run = found(tmp_path / "trip", content)

    assert [frame[name][1] for name in "abcdef"] == [None] * 6
    assert frame.dtypes == [pl.Int64, pl.Float64, pl.Date, pl.Time, pl.Boolean, pl.Float64]
    assert run.codes == {"numbers"}


def test_digits_behind_zeros_stay_text_and_are_told(tmp_path: Path) -> None:
    frame, run = found(tmp_path / "trip", b"plz,n,x\n01067,0,0.5\n99999,10,00.5\n,7,1\n")

    assert frame["plz"].to_list() == ["01067", "99999", None]
    assert frame.dtypes[1:] == [pl.Int64, pl.Float64]
    assert [code for code, message in run.warnings if "'plz'" in message] == ["leading_zeros"]
