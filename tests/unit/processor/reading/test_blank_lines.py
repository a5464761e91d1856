"""A line without a character is no row; a line of delimiters alone is a row of missing values, to every kind."""

import gzip
from pathlib import Path

import polars as pl
import pytest

from helpers.checking import compare, run_kind, stored, validate
from helpers.profiling import input_of, profile_bytes
from helpers.querying import query
from helpers.recording_run import RecordingRun
from processor.analyses.convert import KIND as CONVERT
from processor.reading import ReadOptions, read

TEXT = b"a,b\n1,2\n\n,\n\n\n3,4\n\n"
ROWS = [(1, 2), (None, None), (3, 4)]
LONG = b"a,b\n" + b"1,2\n" * 400_000


def rows(
    folder: Path, content: bytes, name: str = "data.csv", **options: object
) -> tuple[list[tuple[object, ...]], set[str]]:
    """What is read, and the codes of the warnings."""
    path = folder / name
    path.write_bytes(content)
    run = RecordingRun(folder)
    frame = read(run, input_of(path), ReadOptions.model_validate(options), lambda table: table.frame.collect())
    return frame.rows(), run.codes


@pytest.mark.parametrize(
    "content",
    [
        TEXT,
        TEXT.replace(b"\n", b"\r\n"),
        TEXT.replace(b"\n", b"\r"),
        TEXT.replace(b",", b"\t"),
        b"\n\n" + TEXT,
        TEXT.replace(b"\n\n\n", b"\n\r\n\n"),
        TEXT.decode().encode("utf-16"),
    ],
)
def test_blank_lines_are_left_out_and_lines_of_delimiters_are_rows(tmp_path: Path, content: bytes) -> None:
    found, codes = rows(tmp_path, content)
    assert found == ROWS
    assert "blank_rows" in codes


def test_they_are_found_wherever_they_are_in_a_large_file(tmp_path: Path) -> None:
    for content in (LONG + b"\n,\n", b"a,b\n\n,\n" + LONG[4:], LONG + b",\n" + LONG[4:] + b"\n"):
        found, codes = rows(tmp_path, content)
        assert "blank_rows" in codes
        assert len(found) == content.count(b",") - 1
        assert found.count((None, None)) == 1


def test_they_are_left_out_of_packed_files_too(tmp_path: Path) -> None:
    assert rows(tmp_path, gzip.compress(TEXT), "data.csv.gz")[0] == ROWS
    assert len(rows(tmp_path, gzip.compress(LONG + b"\n,\n"), "data.csv.gz")[0]) == 400_001


def test_within_quotes_they_are_part_of_a_value(tmp_path: Path) -> None:
    found, codes = rows(tmp_path, b'a,b\n1,"x\n\n\ny"\n\n2,"\n\n"\n3,"say ""\n\n"" "\n')
    assert found == [(1, "x\n\n\ny"), (2, "\n\n"), (3, 'say "\n\n" ')]
    assert "blank_rows" in codes


def test_quotes_in_comments_open_no_value(tmp_path: Path) -> None:
    text = b'# don"t\na,b\n1,"x\n\ny"\n\n# 5" wide\n2,"p\n# q\n\nr"\n\n3,z\n'
    for content in (text, text.replace(b"\n", b"\r\n")):
        found, codes = rows(tmp_path, content)
        assert [(a, str(b).replace("\r", "")) for a, b in found] == [(1, "x\n\ny"), (2, "p\n# q\n\nr"), (3, "z")]
        assert codes >= {"blank_rows", "comments"}


def test_where_quotes_are_plain_characters_they_hide_nothing(tmp_path: Path) -> None:
    assert rows(tmp_path, b'a,b\n1,5" pipe\n\n2,x\n', quote="")[0] == [(1, '5" pipe'), (2, "x")]


def test_lines_before_the_table_are_no_part_of_it(tmp_path: Path) -> None:
    assert rows(tmp_path, b"a title\n\n\na,b\n1,2\n\n3,4\n", skip_rows=3)[0] == [(1, 2), (3, 4)]


def test_in_a_table_of_one_column_they_are_missing_values_and_that_is_told(tmp_path: Path) -> None:
    assert rows(tmp_path, b"a\n1\n\n3\n") == ([(1,), (None,), (3,)], {"blank_lines"})


def test_a_file_without_them_is_not_copied(tmp_path: Path) -> None:
    assert rows(tmp_path, LONG + b",\n")[1] == set()
    assert list(tmp_path.iterdir()) == [tmp_path / "data.csv"]


def test_every_kind_counts_the_same_rows(tmp_path: Path) -> None:
    profiled = profile_bytes(tmp_path, TEXT)
    checked = validate(tmp_path, TEXT, {"rule": "not_null", "column": "a"}, {"rule": "row_count", "min": 3, "max": 3})
    converted = run_kind(CONVERT, tmp_path, {"data": stored(tmp_path, "t.csv", TEXT)}, format="csv")
    asked = query(tmp_path, {"t": stored(tmp_path, "t.csv", TEXT)}, "SELECT count(*) AS n, count(a) AS a FROM t")

    assert (profiled.rows, profiled.columns["a"]["nulls"]) == (3, 1)
    assert [(rule["status"], rule.get("failing")) for rule in checked.rules] == [("failed", 1), ("passed", None)]
    assert checked.rules[0]["examples"][0]["row"] == 2
    assert converted.data["rows"] == 3
    assert asked.preview == [[3, 2]]
    assert compare(tmp_path, b"a,b\n1,2\n\n,\n", b"a,b\n1,2\n,\n").data["identical"]
    assert not compare(tmp_path, b"a,b\n1,2\n,\n", b"a,b\n1,2\n").data["identical"]


def test_the_sample_has_the_same_rows(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(b"a,b\n" + b"1,2\n\n" * 600_000)
    sample = read(RecordingRun(tmp_path), input_of(path), ReadOptions(), lambda table: table.sample.frame)
    assert sample.select(pl.all().null_count()).row(0) == (0, 0)


@pytest.mark.parametrize("shift", range(8))
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_they_are_found_wherever_a_piece_of_the_file_ends(tmp_path: Path, end: bytes, shift: int) -> None:
    first = b"a,b" + end
    filler = b"x" * ((1 << 20) - len(first) - shift)
    found, _ = rows(tmp_path, first + filler + b",2" + end + end + end + b"y,3" + end + b"," + end)
    assert [row[1] and str(row[1]) for row in found] == ["2", "3", None]


@pytest.mark.parametrize("shift", range(4))
def test_a_comment_is_one_wherever_a_piece_of_the_file_ends(tmp_path: Path, shift: int) -> None:
    first = b"a,b\n" + b"x" * ((1 << 20) - 7 - shift) + b",2\n"
    found, _ = rows(tmp_path, first + b'//" no quote\n3,"p\n\nq"\n\n4,z\n', comment="//")
    assert [row[1] for row in found] == ["2", "p\n\nq", "z"]


def test_a_cell_larger_than_a_piece_is_not_kept_for_them(tmp_path: Path) -> None:
    found, codes = rows(tmp_path, b'a,b\n"' + b"x\n\n" * 1_000_000 + b'",2\n\n3,4\n')
    assert [len(str(row[0])) for row in found] == [3_000_000, 1]
    assert "blank_rows" in codes
