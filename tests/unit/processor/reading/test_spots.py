"""Pieces from the middle of a file: their types are those of whole rows, wherever they were cut."""

from pathlib import Path

import polars as pl
import pytest

from helpers.profiling import input_of
from helpers.recording_run import RecordingRun
from processor.reading import ReadOptions, read
from processor.reading.dialect import Dialect
from processor.reading.spots import RowShape, closed

ROWS = {
    "texts": '{n}, "w, {n}", {n}.25\n',
    "all in quotes": '"{n}", "w, {n}", "{n}.25"\n',
    "line ends in quotes": '{n}, "w,\n {n}", {n}.25\n',
    "line ends without blanks": '{n},"w,\n{n}",{n}.25\n',
    "no quotes": "{n}, w, {n}.25\n",
}


def read_types(folder: Path, text: str) -> tuple[list[pl.DataType], int]:
    path = folder / "input"
    path.write_text(text, encoding="utf-8")
    run = RecordingRun(folder)
    frame = read(run, input_of(path), ReadOptions(), lambda table: table.frame.collect())
    return list(frame.schema.values()), frame.height


@pytest.mark.parametrize("longer", range(0, 8000, 1111))
@pytest.mark.parametrize("row", ROWS)
def test_types_do_not_hang_on_where_the_places_that_are_looked_at_begin(tmp_path: Path, row: str, longer: int) -> None:
    rows = [ROWS[row].format(n=n) for n in range(100_000, 185_000)]
    blank = " " if ", " in rows[0] else ""
    text = f"id,{blank}word{'s' * (longer % 7)},{blank}value\n" + "".join(rows) + rows[0] * (longer // 20)

    types, height = read_types(tmp_path, text)

    assert types == [pl.Int64, pl.String, pl.Float64]
    assert height == len(rows) + longer // 20


@pytest.mark.parametrize("row", ROWS)
def test_a_piece_that_is_cut_anywhere_gives_whole_rows(row: str) -> None:
    rows = [ROWS[row].format(n=n) for n in range(100, 400)]
    text = "".join(rows).encode()
    shape = RowShape(
        dialect=Dialect(delimiter=",", quote='"', header=True), newline="\n", width=3, skip_blanks=", " in rows[0]
    )

    for begin in range(200):
        found = shape.lines_or_rows(text[begin : begin + 3000]).decode()
        number = rows.index(ROWS[row].format(n=int(found.lstrip('"')[:3])))
        assert found
        assert "".join(rows[number:]).startswith(found)
        assert found == "".join(rows[number : number + found.count(".25")])


def test_a_quote_without_another_takes_no_more_than_a_row_from_a_piece() -> None:
    rows = b'1,"two\nlines"\n' * 9

    assert closed(rows + b'1,"half\n', b"\n", '"') == rows
    assert closed(b'5" disk\n' + b"1,x\n" * 99_999, b"\n", '"') == b'5" disk\n' + b"1,x\n" * 99_999
