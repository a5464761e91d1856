"""The kind `convert`: what is asked for is done, and what cannot be is said."""

import datetime as dt
import math
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from pydantic import ValidationError

from common.errors import InputError, ParamsError
from helpers.analysing import Analysed, analysed
from processor.analyses.convert import KIND

TREES = pl.DataFrame(
    {
        "tree": ["oak", "elm", "oak", "ash", "elm", "oak"],
        "height": [12.5, 7.0, 12.5, None, 30.0, 1.0],
        "planted": ["2020-01-02", "2019-05-06", "2020-01-02", "", "soon", "2001-01-01"],
        "n": [1, 2, 3, 4, 5, 6],
    }
)


def convert(folder: Path, frame: pl.DataFrame = TREES, **params: object) -> Analysed:
    path = folder / "trees.parquet"
    frame.write_parquet(path)
    return analysed(KIND, {"data": path}, folder / "scratch", **{"format": "parquet", **params})


def table(found: Analysed) -> pl.DataFrame:
    return pl.read_parquet(found.file("data.parquet"))


def test_a_table_is_what_it_was(tmp_path: Path) -> None:
    found = convert(tmp_path)

    assert_frame_equal(table(found), TREES)
    assert found.outcome.rows == {"data": 6}
    assert (found.data["rows_read"], found.data["rows"]) == (6, 6)
    assert found.run.warnings == []
    assert found.run.progressed[-1]["rows"] == 6


def test_rows_keep_their_order_however_many_there_are(tmp_path: Path) -> None:
    frame = pl.DataFrame({"n": range(1_000_000)})
    assert_frame_equal(table(convert(tmp_path, frame)), frame)


def test_rows_are_filtered_by_an_expression_over_the_new_types(tmp_path: Path) -> None:
    found = convert(tmp_path, cast={"height": "int64"}, filter="height >= 12 AND tree <> 'elm'")

    assert_frame_equal(table(found), TREES.head(3)[[0, 2]].with_columns(pl.col("height").cast(pl.Int64)))


def test_equal_rows_are_kept_once_and_it_is_the_first(tmp_path: Path) -> None:
    assert table(convert(tmp_path, dedupe=["tree"]))["n"].to_list() == [1, 2, 4]
    assert table(convert(tmp_path, pl.concat([TREES, TREES]), dedupe=True))["n"].to_list() == [1, 2, 3, 4, 5, 6]


def test_rows_are_sorted_then_limited(tmp_path: Path) -> None:
    sort = [{"by": "height", "descending": True}, {"by": "n", "descending": True}]
    assert table(convert(tmp_path, sort=sort, limit=3))["n"].to_list() == [5, 3, 1]
    first_missing = [{"by": "height", "nulls_last": False}]
    assert table(convert(tmp_path, sort=first_missing, limit=1))["n"].to_list() == [4]


def test_columns_are_chosen_in_order_and_renamed(tmp_path: Path) -> None:
    found = convert(tmp_path, columns=["n", "tree"], rename={"tree": "species", "n": "*"})

    assert_frame_equal(table(found), TREES.select(pl.col("n").alias("*"), pl.col("tree").alias("species")))
    assert found.data["columns"][1] == {"name": "species", "dtype": "String", "from": "String"}


def test_a_value_that_cannot_be_cast_fails_the_task_without_being_quoted(tmp_path: Path) -> None:
    with pytest.raises(ParamsError) as refused:
        convert(tmp_path, cast={"planted": "date"})

    assert refused.value.pointer == "/params/cast/planted"
    assert "2 of them" in refused.value.message
    assert "soon" not in str(refused.value.as_json())


def test_values_that_cannot_be_cast_are_counted_where_they_may_be_missing(tmp_path: Path) -> None:
    found = convert(tmp_path, cast={"planted": "date"}, cast_errors="null")

    assert table(found)["planted"].null_count() == 2
    assert found.data["values_not_cast"] == {"planted": 2}
    assert found.run.codes == {"values_not_cast"}


MOMENT = dt.datetime(2020, 1, 2, 3, 4, 5)  # noqa: DTZ001 - a time without a zone


@pytest.mark.parametrize("dtype", [pl.Date(), pl.Datetime("ms"), pl.Datetime("ms", "Europe/Oslo")])
def test_a_time_that_no_calendar_has_has_no_text(dtype: pl.DataType, tmp_path: Path) -> None:
    times = pl.Series([0, 2**31 - 1], dtype=pl.Int64) * (1 if dtype == pl.Date else 86_400_000)
    data = pl.DataFrame({"t": times.cast(pl.Int32 if dtype == pl.Date else pl.Int64).cast(dtype)})

    done = convert(tmp_path, data, cast={"t": "text"}, cast_errors="null")

    assert done.data["values_not_cast"] == {"t": 1}
    with pytest.raises(ParamsError, match="that are no String"):
        convert(tmp_path, data, cast={"t": "text"})


@pytest.mark.parametrize(
    ("values", "wanted", "changed"),
    [
        (pl.Series([1.5, 2.0, None, -0.0]), "integer", 1),
        (pl.Series([2**53 + 1, 2**53, None]), "float", 1),
        (pl.Series([2**63 - 1, 1]), "float", 1),
        (pl.Series([0.1, 0.5, math.inf, math.nan]), "float32", 1),
        (pl.Series([1, 1_000, None], dtype=pl.Datetime("ns")), "datetime", 1),
        (pl.Series([MOMENT, dt.datetime(2020, 1, 2), None]), "date", 1),  # noqa: DTZ001
        (pl.Series([MOMENT, None]), "time", 1),
        (pl.Series([5, 1, 0]), "boolean", 1),
        (pl.Series([Decimal("1.25"), Decimal("1.20")]), "decimal(5,1)", 1),
        (pl.Series([16_777_217, 1], dtype=pl.Int32), "float32", 1),
        (pl.Series([1, 2, None]), "int8", 0),
        (pl.Series([1.0, math.nan]), "float64", 0),
        (pl.Series([dt.date(2020, 1, 2)]), "datetime", 0),
        (pl.Series([Decimal("1.20")]), "float", 0),
        (pl.Series([True, None]), "integer", 0),
    ],
)
def test_values_that_a_cast_changes_are_counted(values: pl.Series, wanted: str, changed: int, tmp_path: Path) -> None:
    frame = values.alias("^x$").to_frame()
    found = convert(tmp_path, frame, cast={"^x$": wanted})

    assert found.data["values_changed"] == ({"^x$": changed} if changed else {})
    assert found.run.codes == ({"values_changed"} if changed else set())
    assert table(found).to_series().null_count() == values.null_count()


@pytest.mark.parametrize(
    ("values", "wanted"),
    [(pl.Series([1.0, 1.5]), "integer"), (pl.Series([MOMENT]), "date"), (pl.Series([2**53 + 1]), "float")],
)
def test_a_changed_value_fails_a_task_that_asks_for_exactness(values: pl.Series, wanted: str, tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="1 of them") as refused:
        convert(tmp_path, pl.DataFrame({"x": values}), cast={"x": wanted}, cast_errors="exact")

    assert refused.value.pointer == "/params/cast/x"


@pytest.mark.parametrize("values", [[1e300, 1.0, math.inf], ["1e300", "1", "inf"]])
def test_a_number_too_large_for_its_new_type_is_not_infinity(values: list[Any], tmp_path: Path) -> None:
    frame = pl.DataFrame({"x": values})
    found = convert(tmp_path, frame, cast={"x": "float32"}, cast_errors="null")

    assert table(found)["x"].to_list() == [None, 1.0, math.inf]
    assert found.data["values_not_cast"] == {"x": 1}
    for errors in ("fail", "exact"):
        with pytest.raises(ParamsError, match="1 of them"):
            convert(tmp_path, frame, cast={"x": "float32"}, cast_errors=errors)


@pytest.mark.parametrize("wanted", ["datetime", "date", "time"])
def test_a_zone_that_a_cast_drops_is_named(wanted: str, tmp_path: Path) -> None:
    zoned = pl.Series([0, None]).cast(pl.Datetime("us", "Europe/Berlin"))
    found = convert(tmp_path, pl.DataFrame({"x": zoned}), cast={"x": wanted}, cast_errors="null")

    assert "zones_dropped" in found.run.codes


@pytest.mark.parametrize(
    ("texts", "wanted", "values"),
    [
        (["yes", "N", "1", None], "boolean", [True, False, True, None]),
        (["1", "-2"], "int8", [1, -2]),
        (["1", "-2"], "integer", [1, -2]),
        (["1.5", "-2"], "float", ["1.5", "-2.0"]),
        (["1.25", "2"], "decimal(6,2)", ["1.25", "2.00"]),
        (["2020-01-02T03:04:05"], "datetime", ["2020-01-02 03:04:05.000000"]),
        (["03:04:05"], "time", ["03:04:05"]),
        (["a", "b"], "category", ["a", "b"]),
    ],
)
def test_text_can_become_what_it_says(texts: list[Any], wanted: str, values: list[Any], tmp_path: Path) -> None:
    found = table(convert(tmp_path, pl.DataFrame({"x": texts}), cast={"x": wanted}))["x"]
    shown = found.to_list() if isinstance(values[0], bool | int) else found.cast(pl.String).to_list()

    assert shown == values


def test_a_table_is_parted_into_folders(tmp_path: Path) -> None:
    found = convert(tmp_path, partition_by=["tree"], format="csv")
    with zipfile.ZipFile(found.file("data.zip")) as archive:
        names = archive.namelist()
        oaks = archive.read(names[-1]).decode()

    assert [name.partition("/")[0] for name in names] == ["tree=ash", "tree=elm", "tree=oak"]
    assert found.data["files"] == 3
    assert len(oaks.splitlines()) == 4


def test_a_key_whose_name_a_spreadsheet_would_compute_parts_the_table_too(tmp_path: Path) -> None:
    found = convert(tmp_path, pl.DataFrame({"+k": ["a", "b"], "n": [1, 2]}), partition_by=["+k"], format="csv")

    assert found.data["files"] == 2
    assert "formulas_defused" not in found.run.codes


def test_too_many_parts_and_names_that_make_no_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="more than 1,000 files"):
        convert(tmp_path, pl.DataFrame({"n": range(1_001)}), partition_by=["n"])
    with pytest.raises(ParamsError, match="folder"):
        convert(tmp_path, pl.DataFrame({"../n": [1]}), partition_by=["../n"])


def test_values_cannot_lead_out_of_their_folder(tmp_path: Path) -> None:
    frame = pl.DataFrame({"k": ["../../up", "/etc/passwd", "..", "a\x00b", ""], "n": range(5)})
    found = convert(tmp_path, frame, partition_by=["k"])
    with zipfile.ZipFile(found.file("data.zip")) as archive:
        names = archive.namelist()

    assert len(names) == 5
    assert all(name.startswith("k=") and name.count("/") == 1 for name in names)
    assert {path.name for path in (tmp_path / "scratch").iterdir()} == {"data.zip"}


@pytest.mark.parametrize(
    ("params", "pointer", "words"),
    [
        ({"columns": ["tre"]}, "/params/columns/0", "tree"),
        ({"sort": [{"by": "Height"}]}, "/params/sort/0/by", "Height"),
        ({"cast": {"tree": "int64"}}, "/params/cast/tree", "Int64"),
        ({"cast": {"tree": "decimal(3,9)"}}, "/params/cast/tree", "38"),
        ({"filter": "nope > 1"}, "/params/filter", "nope"),
        ({"filter": "tree > 1"}, "/params/filter", "types"),
        ({"rename": {"tree": "n"}}, "/params/rename", "same name"),
        ({"columns": ["n"], "partition_by": ["tree"]}, "/params/partition_by/0", "not written"),
    ],
)
def test_what_does_not_fit_the_table_is_told_at_its_place(
    params: dict[str, Any], pointer: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(ParamsError) as refused:
        convert(tmp_path, **params)

    assert refused.value.pointer == pointer
    assert words in f"{refused.value.message} {refused.value.advice}"


@pytest.mark.parametrize(
    "params",
    [
        {"format": "exe"},
        {"format": "csv", "compression": "snappy"},
        {"format": "json", "partition_by": ["tree"]},
        {"format": "parquet", "csv": {"bom": True}},
        {"format": "csv", "csv": {"decimal_comma": True}},
        {"format": "csv", "cast": {"tree": "int7"}},
        {"format": "csv", "limit": -1},
    ],
)
def test_what_no_table_could_fit_is_refused_before(params: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        KIND.params(**params)


@pytest.mark.parametrize(
    "text",
    [
        "(SELECT count(*) FROM read_csv('/etc/passwd')) > 0",
        "tree IN (SELECT * FROM read_csv('/etc/passwd'))",
        "tree = '' OR EXISTS (SELECT 1 FROM '/etc/passwd')",
        "read_csv('/etc/passwd') IS NOT NULL",
        'n > 1; SELECT * FROM "/etc/passwd"',
        "n > (SELECT max(n) FROM self)",
        "n > 1 -- \n; DROP TABLE t",
    ],
)
def test_a_filter_reads_nothing_but_the_row(text: str, tmp_path: Path) -> None:
    with pytest.raises(ParamsError) as refused:
        convert(tmp_path, filter=text)

    assert refused.value.pointer == "/params/filter"
    assert "root:" not in str(refused.value.as_json())


def test_the_first_rows_are_shown_before_the_long_part(tmp_path: Path) -> None:
    found = convert(tmp_path, filter="n > 2", rename={"n": "number"})
    partial, is_estimate = found.run.partials[0]

    assert is_estimate
    assert partial["first_rows"][0] == ["oak", 12.5, "2020-01-02", 3]  # type: ignore[index]  # JSON values


@pytest.mark.parametrize(
    ("values", "keys", "said"),
    [
        ([None, "__HIVE_DEFAULT_PARTITION__"], ["k"], "folder of missing values"),
        (["a" * 400, "b"], ["k"], "too long for the name"),
        ([[1], [2]], ["k"], "no folder can be named after"),
        (["a", "b"], ["k", "k"], "twice"),
    ],
)
def test_values_that_make_no_folder_of_their_own_are_refused(
    values: list[Any], keys: list[str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(ParamsError, match=said):
        convert(tmp_path, pl.DataFrame({"k": values, "n": [1, 2]}), partition_by=keys)


@pytest.mark.parametrize("delimiter", list('.-+:19eT"\n'))
def test_no_delimiter_is_a_character_of_numbers_or_times(delimiter: str) -> None:
    with pytest.raises(ValidationError):
        KIND.params(format="csv", csv={"delimiter": delimiter})


@pytest.mark.parametrize("delimiter", list("\t !#$%&'()*,/;<=>?@[\\]^_`{|}~"))
def test_other_delimiters_tell_the_fields_apart(delimiter: str, tmp_path: Path) -> None:
    frame = pl.DataFrame({"n": [-1.5e300], "text": [f"a{delimiter}b"], "flag": [True]})
    found = convert(tmp_path, frame, format="csv", csv={"delimiter": delimiter}, escape_formulas=False)

    assert_frame_equal(pl.read_csv(found.file("data.csv"), separator=delimiter), frame)


def test_rows_and_values_are_counted_once_though_keys_are_looked_at_before(tmp_path: Path) -> None:
    found = convert(tmp_path, partition_by=["tree"], cast={"planted": "date", "height": "integer"}, cast_errors="null")

    assert (found.data["rows_read"], found.data["rows"], found.outcome.rows) == (6, 6, {"data": 6})
    assert found.data["values_not_cast"] == {"planted": 2}
    assert found.data["values_changed"] == {"height": 2}


def test_a_key_that_cannot_be_cast_is_a_fault_of_the_cast(tmp_path: Path) -> None:
    with pytest.raises(ParamsError) as refused:
        convert(tmp_path, partition_by=["planted"], cast={"planted": "date"})

    assert refused.value.pointer == "/params/cast/planted"


@pytest.mark.parametrize(("values", "wanted"), [([[1], [2]], "text"), ([b"1"], "integer"), ([True], "category")])
def test_a_type_that_cannot_become_another_is_a_fault_of_the_param(
    values: list[Any], wanted: str, tmp_path: Path
) -> None:
    for errors in ("null", "fail"):
        with pytest.raises(ParamsError, match="no cast") as refused:
            convert(tmp_path, pl.DataFrame({"x": values}), cast={"x": wanted}, cast_errors=errors)
        assert refused.value.pointer == "/params/cast"


@pytest.mark.parametrize("rows", [3, 200_000])
def test_a_filter_that_fails_on_a_row_is_blamed_itself_and_not_the_file(rows: int, tmp_path: Path) -> None:
    for form in ("csv", "parquet"):
        frame = pl.DataFrame({"n": ["1"] * (rows - 1) + ["SECRET"], "m": range(rows)})
        path = tmp_path / f"late.{form}"
        frame.write_csv(path) if form == "csv" else frame.write_parquet(path)
        with pytest.raises(ParamsError) as caught:
            analysed(KIND, {"data": path}, tmp_path / form, filter="CAST(n AS INTEGER) > 0")

        assert caught.value.pointer == "/params/filter"
        assert caught.value.message == "A value cannot be converted to the type asked for."
        assert "SECRET" not in f"{caught.value.advice}"


def test_a_file_that_is_damaged_is_not_the_filters_fault(tmp_path: Path) -> None:
    path = tmp_path / "damaged.parquet"
    pl.DataFrame({"n": [str(n * n) for n in range(300_000)]}).write_parquet(path, compression="zstd")
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 2_000] = bytes(2_000)
    path.write_bytes(content)

    with pytest.raises(InputError):
        analysed(KIND, {"data": path}, tmp_path / "scratch", filter="CAST(n AS BIGINT) >= 0")


@pytest.mark.parametrize("text", ["n", "1", "'x'", "NULL", "upper(tree)"])
def test_a_filter_that_is_neither_true_nor_false_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="neither true nor false") as caught:
        convert(tmp_path, filter=text)

    assert caught.value.pointer == "/params/filter"
