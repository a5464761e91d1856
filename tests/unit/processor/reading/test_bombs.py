"""Small files that would become huge, and files that want more than tables do: each ends in a sentence, or is read."""

import bz2
import io
import zipfile
from pathlib import Path

import fastavro
import polars as pl
import pytest

from common.errors import InputError
from helpers.profiling import input_of
from helpers.recording_run import RecordingRun
from processor.reading import ReadOptions, archive, json_splitter, packing, read
from processor.reading.columns import MOST_COLUMNS


def read_file(path: Path, *, memory_mb: int = 1024, **options: object) -> pl.DataFrame:
    scratch = path.parent / "scratch"
    scratch.mkdir(exist_ok=True)
    run = RecordingRun(scratch, memory_mb=memory_mb)
    return read(run, input_of(path), ReadOptions.model_validate(options), lambda table: table.frame.collect())


def refused(path: Path, *, memory_mb: int = 1024) -> str:
    with pytest.raises(InputError) as caught:
        read_file(path, memory_mb=memory_mb)
    assert caught.value.advice
    return caught.value.message


def test_what_grows_without_end_is_refused_before_it_fills_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "_FREE_BYTES", 4 << 20)
    path = tmp_path / "bomb.csv.bz2"
    path.write_bytes(bz2.compress(b"a,b\n" + b"1,2\n" * 3_000_000))

    assert "unpacks to more than" in refused(path)
    assert sum(file.stat().st_size for file in (tmp_path / "scratch").iterdir()) <= 6 << 20


@pytest.mark.parametrize("fill", [b"\0", b"x"])
def test_a_bomb_without_lines_is_no_table(tmp_path: Path, fill: bytes) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("bomb.csv", fill * (50 << 20))

    assert refused(path)


def test_an_archive_with_a_directory_beyond_measure_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_MOST_DIRECTORY", 1000)
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as made:
        for number in range(100):
            made.writestr(f"{number}.csv", "a\n")

    assert "far too many members" in refused(path)


def test_an_archive_inside_of_an_archive_is_not_opened_further(tmp_path: Path) -> None:
    inner, middle = io.BytesIO(), io.BytesIO()
    for outer, name, data in ((inner, "a.csv", b"a,b\n1,2\n"), (middle, "inner.zip", None)):
        with zipfile.ZipFile(outer, "w") as made:
            made.writestr(name, inner.getvalue() if data is None else data)
    path = tmp_path / "outer.zip"
    path.write_bytes(middle.getvalue())

    assert "archive inside of another" in refused(path)


def test_a_row_group_that_memory_cannot_hold_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.parquet"
    pl.DataFrame({"n": pl.repeat(7, 10_000_000, dtype=pl.Int8, eager=True)}).write_parquet(
        path, row_group_size=10_000_000
    )

    assert path.stat().st_size < 1 << 20
    assert "10,000,000 rows" in refused(path, memory_mb=64)
    assert read_file(path).height == 10_000_000


def test_a_parquet_footer_that_lies_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.parquet"
    for footer in (b"\x4c" * 100, b"\x1c" * 100_000, b"\x49\xf9\xff\xff\xff\xff\x0f" * 20, b""):
        path.write_bytes(b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1")
        assert refused(path)
        path.write_bytes(b"PAR1" + footer + b"\xff\xff\xff\x7fPAR1")
        assert refused(path)


def test_an_avro_block_that_memory_cannot_hold_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.avro"
    schema = {"type": "record", "name": "row", "fields": [{"name": "text", "type": "string"}]}
    with path.open("wb") as out:
        fastavro.writer(out, schema, [{"text": "0" * (20 << 20)}], codec="deflate")

    assert path.stat().st_size < 1 << 20
    assert "more than the memory allows" in refused(path, memory_mb=64)


def test_an_arrow_batch_that_memory_cannot_hold_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.arrows"
    pl.DataFrame({"n": pl.int_range(3_000_000, eager=True)}).write_ipc_stream(path)

    assert "more than the memory allows" in refused(path, memory_mb=2)


def changed(path: Path, part: str, old: bytes, new: bytes) -> None:
    with zipfile.ZipFile(path) as made:
        parts = {name: made.read(name) for name in made.namelist()}
    assert old in parts[part]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in parts.items():
            made.writestr(name, data.replace(old, new, 1) if name == part else data)


def book(path: Path) -> None:
    pl.DataFrame({"text": ["value"]}).write_excel(path)


LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n + 1, b"&l%d;" % n * 10) for n in range(9))
ATTACKS = {
    "entities": b'<!DOCTYPE x [<!ENTITY l0 "ha">' + LAUGHS + b"]>",
    "a file": b'<!DOCTYPE x [<!ENTITY l0 SYSTEM "file:///etc/passwd">]>',
    "another document": b'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">',
}


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"])
def test_xml_that_declares_entities_is_refused(tmp_path: Path, part: str, attack: str) -> None:
    path = tmp_path / "bomb.xlsx"
    book(path)
    root = {"xl/workbook.xml": b"<workbook", "xl/sharedStrings.xml": b"<sst", "xl/worksheets/sheet1.xml": b"<worksheet"}
    changed(path, part, root[part], ATTACKS[attack] + root[part])

    assert "declares types or entities" in refused(path)


def test_texts_of_a_spreadsheet_that_memory_cannot_hold_are_kept_in_scratch(tmp_path: Path) -> None:
    path = tmp_path / "large.xlsx"
    texts = [f"text {number:,} é" for number in range(30_000)]
    pl.DataFrame({"text": texts, "again": texts[:10] * 3_000, "back": texts[::-1]}).write_excel(path)

    frame = read_file(path, memory_mb=1)

    assert frame["text"].to_list() == texts
    assert frame["again"].to_list() == texts[:10] * 3_000
    assert frame["back"].to_list() == texts[::-1]


def test_a_cell_far_to_the_right_does_not_make_a_wide_table(tmp_path: Path) -> None:
    path = tmp_path / "wide.xlsx"
    book(path)
    changed(path, "xl/worksheets/sheet1.xml", b'r="A2"', b'r="ZZZ2"')

    assert "columns" in refused(path)


@pytest.mark.parametrize("edit", [(b"<v>0</v>", b"<v>99</v>"), (b"</sheetData>", b""), (b"<v>0</v>", b"<v>x</v>")])
def test_a_sheet_that_contradicts_itself_is_damaged(tmp_path: Path, edit: tuple[bytes, bytes]) -> None:
    path = tmp_path / "bad.xlsx"
    book(path)
    changed(path, "xl/worksheets/sheet1.xml", *edit)

    assert "damaged" in refused(path)


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_a_hundred_thousand_columns_are_too_many(tmp_path: Path, form: str) -> None:
    names = [f"c{number}" for number in range(100_000)]
    path = tmp_path / "wide"
    if form == "csv":
        path.write_text(",".join(names) + "\n" + ",".join("1" for _ in names) + "\n")
    else:
        path.write_text("{" + ", ".join(f'"{name}": 1' for name in names) + "}\n")

    assert refused(path) == "The table has 100,000 columns; at most 16,384 can be read."


def test_as_many_columns_as_a_spreadsheet_has_are_read_with_their_types(tmp_path: Path) -> None:
    path = tmp_path / "wide"
    names = [f"column number {number}" for number in range(MOST_COLUMNS)]
    row = ",".join("2026-11-22" if number % 2 else "1" for number in range(MOST_COLUMNS))
    path.write_text(",".join(names) + "\n" + f"{row}\n" * 3)

    frame = read_file(path)

    assert frame.shape == (3, MOST_COLUMNS)
    assert frame.dtypes[:2] == [pl.Int64(), pl.Date()]


def test_a_cell_of_megabytes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"n,text\n1,short\n2," + b"x" * (40 << 20) + b'\n3,"' + b"a line\n" * 1_000_000 + b'"\n4,short\n')

    frame = read_file(path).sort("n")

    assert frame["n"].to_list() == [1, 2, 3, 4]
    assert frame["text"].str.len_bytes().to_list() == [5, 40 << 20, 7_000_000, 5]


def test_an_object_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_splitter, "MOST_LINE", 3 << 20)
    path = tmp_path / "large"
    for content in (b'{"a": 1}\n{"a": "' + b"x" * (20 << 20), b'[{"a": 1}, {"a": "' + b"x" * (20 << 20)):
        path.write_bytes(content)
        assert "longer than" in refused(path)


def test_names_that_are_markup_controls_or_endless_are_harmless(tmp_path: Path) -> None:
    path = tmp_path / "names"
    names = {
        "<script>alert(1)</script>": [1],
        "a\x00b\x1b[2J\u202e": [2],
        "n" * (1 << 20): [3],
        "'; DROP TABLE task": [4],
    }
    for write in (pl.DataFrame.write_parquet, pl.DataFrame.write_ipc, pl.DataFrame.write_ndjson):
        write(pl.DataFrame(names), path)
        columns = read_file(path).columns
        assert columns[0] == "<script>alert(1)</script>"
        assert columns[1] == "a\\x00b\\x1b[2J\\u202e"
        assert (len(columns[2]), columns[3]) == (200, "'; DROP TABLE task")
