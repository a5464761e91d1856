"""Round trips: what others write is read back equal, whatever it is packed in."""

import bz2
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import fastavro
import openpyxl
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from polars.testing.parametric import dataframes

from common.errors import InputError
from helpers.profiling import input_of
from helpers.recording_run import RecordingRun
from processor.reading import ReadOptions, Table, read

FRAME = pl.DataFrame(
    {
        "n": [1, None, 2**53 + 1, -(2**63)],
        "x": [0.5, -1.25e300, None, 3.0],
        "text": ["zoë", "", None, '日本 "quoted", \n line'],
        "flag": [True, None, False, True],
    }
)


def read_file(path: Path, **options: object) -> tuple[pl.DataFrame, RecordingRun]:
    scratch = path.parent / f"scratch-{len(list(path.parent.iterdir()))}"
    scratch.mkdir()
    run = RecordingRun(scratch)

    def work(table: Table) -> pl.DataFrame:
        assert table.sample.frame.width == table.head.width
        frame = table.frame.collect(engine="streaming")
        assert frame.schema == table.head.schema
        assert table.rows in {None, frame.height}
        return frame

    return read(run, input_of(path), ReadOptions.model_validate(options), work), run


def read_bytes(folder: Path, content: bytes, **options: object) -> tuple[pl.DataFrame, RecordingRun]:
    path = folder / "input"
    path.write_bytes(content)
    return read_file(path, **options)


def ndjson(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_ndjson(out)
    return out.getvalue()


def json_list(frame: pl.DataFrame) -> bytes:
    return json.dumps(frame.to_dicts(), ensure_ascii=False, indent=2).encode()


def avro(codec: str) -> Callable[[pl.DataFrame], bytes]:
    def write(frame: pl.DataFrame) -> bytes:
        types = {"n": "long", "x": "double", "text": "string", "flag": "boolean"}
        fields = [{"name": name, "type": ["null", types[name]]} for name in frame.columns]
        out = io.BytesIO()
        fastavro.writer(out, {"type": "record", "name": "row", "fields": fields}, frame.to_dicts(), codec=codec)
        return out.getvalue()

    return write


def arrow_stream(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_ipc_stream(out)
    return out.getvalue()


def arrow_file(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_ipc(out, compression="zstd")
    return out.getvalue()


def parquet(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


FORMATS: dict[str, Callable[[pl.DataFrame], bytes]] = {
    "ndjson": ndjson,
    "json": json_list,
    "avro": avro("null"),
    "avro-deflate": avro("deflate"),
    "avro-bzip2": avro("bzip2"),
    "arrow-stream": arrow_stream,
    "arrow": arrow_file,
    "parquet": parquet,
}


def zipped(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../etc/passwd", content)
        archive.writestr("__MACOSX/._passwd", b"beside")
    return out.getvalue()


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda content: content,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "zip": zipped,
}


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("form", FORMATS)
def test_what_was_written_is_read_back(tmp_path: Path, form: str, packing: str) -> None:
    frame, run = read_bytes(tmp_path, PACKINGS[packing](FORMATS[form](FRAME)))

    assert_frame_equal(frame, FRAME)
    assert ("compression" in run.codes) == (packing != "plain")
    assert sorted(tmp_path.iterdir()) == [tmp_path / "input", run.scratch]


@pytest.mark.parametrize("packing", ["bzip2", "zip"])
def test_delimited_text_may_be_packed_in_anything(tmp_path: Path, packing: str) -> None:
    content = "n;text\r\n" + "".join(f"{n};zoë {n}\r\n" for n in range(1000))

    for encoding in ("utf-8", "utf-16"):
        frame, _ = read_bytes(tmp_path, PACKINGS[packing](content.encode(encoding)))
        assert frame.sort("n").rows() == [(n, f"zoë {n}") for n in range(1000)]


def test_many_pieces_are_one_table(tmp_path: Path) -> None:
    expected = pl.select(n=pl.int_range(400_000)).with_columns(text=pl.concat_str(pl.lit("row "), pl.col("n")))
    for write in (ndjson, arrow_stream, json_list):
        frame, run = read_bytes(tmp_path, write(expected))
        assert_frame_equal(frame.sort("n"), expected)
        fractions = [told["fraction"] for told in run.progressed if told["fraction"] is not None]
        assert fractions == sorted(fractions)


def test_keys_that_come_late_are_columns_too(tmp_path: Path) -> None:
    lines = b'{"a": 1}\n' * 300_000 + b'{"a": 2.5, "b": {"c": [1]}}\n' + b'{"b": {"d": "x"}}\n' * 300_000

    frame, run = read_bytes(tmp_path, lines)

    assert frame.schema["a"] == pl.Float64
    assert frame["b"].struct.unnest().select("c", "d").schema == {"c": pl.List(pl.Int64()), "d": pl.String()}
    assert frame["a"].sum() == 300_002.5
    assert frame["b"].null_count() == 300_000
    assert run.codes == set()


def test_a_type_that_changes_late_becomes_text_and_nothing_is_lost(tmp_path: Path) -> None:
    frame, run = read_bytes(tmp_path, b'{"a": 1}\n' * 150_000 + b'{"a": [1, {"b": 2}]}\n' + b'{"a": true}\n' * 150_000)

    assert sorted(frame["a"].unique()) == ["1", '[1, {"b": 2}]', "true"]
    assert run.codes == {"types"}


def test_lines_that_are_no_objects_are_counted_and_shown(tmp_path: Path) -> None:
    path = tmp_path / "input"
    path.write_bytes(b'{"a": 1}\nswordfish\n\n{"a": 2}\n[1]\n{"a": \n')
    run = RecordingRun(tmp_path)

    def work(table: Table) -> tuple[pl.DataFrame, object]:
        return table.frame.collect(), table.flaws.as_json()

    frame, flaws = read(run, input_of(path), ReadOptions(), work)

    assert frame["a"].to_list() == [1, 2]
    assert flaws == {"rows_unread": 3}
    assert run.warnings == [("unread_rows", "3 rows could not be read and are missing: lines 2, 5 and 6.")]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_json_may_be_encoded_otherwise(tmp_path: Path, encoding: str) -> None:
    frame, _ = read_bytes(tmp_path, '[{"name": "zoë"}, {"name": "日本"}]'.encode(encoding))

    assert frame["name"].to_list() == ["zoë", "日本"]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b'{"a": 1,\n "b": [2,\n 3]}\n{"a": 4}\n', [(1, [2, 3]), (4, None)]),
        (b'[{"a": 1}, {"a": NaN}, {"a": 2}]', [(1,), (None,), (2,)]),
        (b'[{"a": 123456789012345678901234567890}]', [(123456789012345678901234567890,)]),
        (b'{"a": {}}\n{"a": {}}\n', None),
        (b"{}\n{}\n", None),
    ],
)
def test_json_in_other_shapes(tmp_path: Path, content: bytes, rows: list[tuple[object, ...]] | None) -> None:
    frame, _ = read_bytes(tmp_path, content)

    assert frame.height == 2 if rows is None else frame.rows() == rows


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"[]", "no table"),
        (b'[{"a": 1}, {"a": 2}', "middle of its list"),
        (b'[{"a": 1} swordfish]', "damaged in object 2"),
        (b'[{"a": 1}] swordfish', "follows the end"),
        (b'[{"a": ' + b"[" * 200_000 + b"]" * 200_000 + b"}]", "nested too deeply"),
    ],
)
def test_json_that_is_damaged_ends_in_a_sentence_without_data(tmp_path: Path, content: bytes, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as caught:
        read_bytes(tmp_path, content)

    assert "swordfish" not in f"{caught.value.message} {caught.value.advice}"


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.97])
def test_what_was_cut_off_is_said_to_be_damaged_or_counted(tmp_path: Path, form: str, share: float) -> None:
    rows = pl.concat([FRAME] * 500)
    whole = FORMATS[form](rows)

    cut = whole[: int(len(whole) * share) - 5]

    if form == "ndjson":
        frame, run = read_bytes(tmp_path, cut)
        assert frame.height < rows.height
        assert run.codes == {"unread_rows"}
        return
    with pytest.raises(InputError) as caught:
        read_bytes(tmp_path, cut)
    assert "zo" not in caught.value.message


def book(path: Path, rows: list[list[object]], *, sheets: int = 1) -> None:
    made = openpyxl.Workbook()
    for row in rows:
        made.worksheets[0].append(row)
    for number in range(1, sheets):
        made.create_sheet(f"more {number}").append(["other", number])
    made.save(path)


def test_a_spreadsheet_gives_its_types(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    moment = datetime(2024, 2, 29, 23, 59, 58)  # noqa: DTZ001  # sheets know no time zone
    book(
        path,
        [
            ["n", "x", "text", "day", "at", "clock", "flag"],
            [1, 0.5, "zoë", date(2024, 2, 29), moment, time(1, 2, 3), True],
            [None, 1e300, "<b>&amp;", date(1900, 3, 1), moment, None, False],
            [-(2**52), None, None, date(9999, 12, 31), None, time(23, 59, 59), None],
        ],
    )

    frame, run = read_file(path)

    assert list(frame.schema.values()) == [
        pl.Int64, pl.Float64, pl.String, pl.Date, pl.Datetime("us"), pl.Time, pl.Boolean,
    ]  # fmt: skip
    assert frame.rows() == [
        (1, 0.5, "zoë", date(2024, 2, 29), moment, time(1, 2, 3), True),
        (None, 1e300, "<b>&amp;", date(1900, 3, 1), moment, None, False),
        (-(2**52), None, None, date(9999, 12, 31), None, time(23, 59, 59), None),
    ]
    assert run.warnings == []


def test_spreadsheets_of_another_writer_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    expected = pl.DataFrame({"n": [1, 2, 3], "d": [date(2020, 1, n) for n in (1, 2, 3)], "t": ["a", "b", None]})
    expected.write_excel(path)

    frame, _ = read_file(path)

    assert_frame_equal(frame, expected)


def test_a_sheet_is_chosen_by_name_or_number_and_the_first_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    book(path, [["a"], [1]], sheets=3)

    assert read_file(path)[1].codes == {"sheet"}
    assert read_file(path, sheet="more 2", header=False)[0].rows() == [("other", 2)]
    assert read_file(path, sheet=2, header=False)[0].rows() == [("other", 1)]
    with pytest.raises(InputError, match="there are 'Sheet', 'more 1', 'more 2'"):
        read_file(path, sheet="none")


def test_titles_and_changes_of_type_in_sheets_are_told(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    book(
        path,
        [["Sales of 2020"], [], ["a", "b", "b"], *([n, n, "x"] for n in range(30_000)), ["z", 1.5, "x", 9]],
    )

    frame, run = read_file(path)

    assert frame.schema == {"a": pl.String(), "b": pl.Float64(), "b_2": pl.String(), "column_4": pl.Int64()}
    assert frame.height == 30_001
    assert run.codes == {"preamble", "types"}


def test_a_zip_of_several_files_says_which_and_takes_the_one_that_is_named(tmp_path: Path) -> None:
    path = tmp_path / "several.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("one.csv", "a,b\n1,2\n")
        archive.writestr("\x1b[31m" + "n" * 500, "a,b\n3,4\n")

    with pytest.raises(InputError) as caught:
        read_file(path)

    assert caught.value.message.startswith("The zip archive holds 2 members: 'one.csv', '\\x1b[31mnnn")
    assert len(caught.value.message) < 200
    assert read_file(path, member="one.csv")[0].rows() == [(1, 2)]
    with pytest.raises(InputError, match="no such member"):
        read_file(path, member="two.csv")


def test_a_format_that_the_caller_got_wrong_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is JSON, not Parquet"):
        read_bytes(tmp_path, b'{"a": 1}\n', format="parquet")


ANY_TYPE: list[type[pl.DataType] | pl.DataType] = [
    pl.Int8, pl.UInt64, pl.Int64, pl.Float64, pl.Boolean, pl.String, pl.Date, pl.Datetime("us"), pl.Time,
    pl.Duration("us"),
    pl.Binary, pl.Decimal(38, 4), pl.List(pl.Int64),
]  # fmt: skip


@given(frame=dataframes(allowed_dtypes=ANY_TYPE, min_cols=1, max_size=30, allow_null=True))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_frame_survives_parquet_and_arrow(tmp_path_factory: pytest.TempPathFactory, frame: pl.DataFrame) -> None:
    for write in (parquet, arrow_file, arrow_stream):
        found, _ = read_bytes(tmp_path_factory.mktemp("any"), write(frame))
        assert_frame_equal(found, frame)


JSON_VALUES = {
    "n": st.none() | st.integers(-(2**63), 2**64),
    "x": st.none() | st.floats(allow_nan=False, allow_infinity=False),
    "text": st.none() | st.text(st.characters(exclude_categories=["Cs"])),
    "flag": st.none() | st.booleans(),
}


@given(rows=st.lists(st.fixed_dictionaries(JSON_VALUES), min_size=1, max_size=20), indent=st.none() | st.just(1))
@settings(max_examples=60, deadline=None)
def test_any_objects_survive_json(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]], indent: int | None
) -> None:
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)

    for text in (lines, json.dumps(rows, indent=indent)):
        found, _ = read_bytes(tmp_path_factory.mktemp("any"), text.encode())
        assert found.select("n", "x", "text", "flag").rows() == [
            (row["n"], row["x"], row["text"], row["flag"]) for row in rows
        ]


@given(st.lists(st.decimals(-(10**6), 10**6, places=2), min_size=1, max_size=10))
@settings(max_examples=20, deadline=None)
def test_decimals_survive_parquet(tmp_path_factory: pytest.TempPathFactory, values: list[Decimal]) -> None:
    frame = pl.DataFrame({"price": values}, schema={"price": pl.Decimal(20, 2)})

    found, _ = read_bytes(tmp_path_factory.mktemp("any"), parquet(frame))

    assert found["price"].to_list() == values


@pytest.mark.parametrize("name", ["ORCID", "PAR1", "ARROW1", "BZhang"])
def test_a_table_whose_first_name_begins_like_a_mark_is_a_table(tmp_path: Path, name: str) -> None:
    frame, run = read_bytes(tmp_path, f"{name},n\nx,1\ny,2\n".encode())

    assert frame.to_dict(as_series=False) == {name: ["x", "y"], "n": [1, 2]}
    assert run.warnings == []


def test_an_encoding_that_the_caller_says_is_believed(tmp_path: Path) -> None:
    content = "编号,名字\n" + "一,二\n" * 50

    frame, _ = read_bytes(tmp_path, content.encode("utf-16-le"), encoding="utf-16-le")

    assert frame.columns == ["编号", "名字"]
    assert frame.height == 50


def test_json_may_stand_behind_blanks(tmp_path: Path) -> None:
    frame, _ = read_bytes(tmp_path, b" " * 5000 + b'[{"a": 1}, {"a": 2}]')

    assert frame["a"].to_list() == [1, 2]
