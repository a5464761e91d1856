"""The kind `query`: what is asked, what comes back, and what is said when it does not work."""

import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from common.errors import InputError, ParamsError
from helpers.querying import query

ORDERS = "id;customer;amount;day\n1;ann;10,5;2026-01-01\n2;bob;20,0;2026-01-02\n3;ann;1,25;2026-02-01\n"
CUSTOMERS = "name,city\nann,Oslo\nbob,Bergen\n"


@pytest.fixture
def inputs(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "orders.csv").write_text(ORDERS.replace(",", "."), encoding="utf-8")
    (tmp_path / "customers.csv").write_text(CUSTOMERS, encoding="utf-8")
    return {"orders": tmp_path / "orders.csv", "customers": tmp_path / "customers.csv"}


@pytest.fixture
def numbers(tmp_path: Path) -> Path:
    path = tmp_path / "numbers.parquet"
    pl.DataFrame({"n": range(300_000)}).write_parquet(path, row_group_size=20_000)
    return path


def test_tables_have_the_names_of_the_inputs(tmp_path: Path, inputs: dict[str, Path]) -> None:
    done = query(
        tmp_path,
        inputs,
        "SELECT city, sum(amount) AS total FROM orders JOIN customers ON customer = name GROUP BY city ORDER BY city",
    )

    assert done.preview == [["Bergen", 20.0], ["Oslo", 11.75]]
    assert done.data["columns"] == [{"name": "city", "dtype": "String"}, {"name": "total", "dtype": "Float64"}]
    assert done.frame().rows() == [("Bergen", 20.0), ("Oslo", 11.75)]
    assert done.outcome.summary["rows"] == 2
    assert ("delimiter", "orders: Fields are separated by ';'.") in done.run.warnings


def test_the_preview_is_the_answers_beginning_in_its_order(tmp_path: Path, numbers: Path) -> None:
    done = query(tmp_path, {"t": numbers}, "SELECT n FROM t WHERE n % 3 <> 1 ORDER BY n DESC", preview_rows=5)

    assert done.preview == [[299999], [299997], [299996], [299994], [299993]]
    assert done.data["rows"] == 200_000
    assert done.frame()["n"].is_sorted(descending=True)


def test_max_rows_cuts_the_answer_and_says_so(tmp_path: Path, numbers: Path) -> None:
    done = query(tmp_path, {"t": numbers}, "SELECT n FROM t ORDER BY n", max_rows=70_000)

    assert (done.data["rows"], done.data["cut"]) == (70_000, True)
    assert done.frame()["n"].to_list() == list(range(70_000))
    assert "rows_cut" in done.run.codes


def test_an_answer_with_exactly_max_rows_is_whole(tmp_path: Path, numbers: Path) -> None:
    done = query(tmp_path, {"t": numbers}, "SELECT n FROM t", max_rows=300_000)

    assert (done.data["rows"], done.data["cut"]) == (300_000, False)
    assert "rows_cut" not in done.run.codes


def test_an_answer_without_rows_has_columns(tmp_path: Path, inputs: dict[str, Path]) -> None:
    done = query(tmp_path, inputs, "SELECT id, customer FROM orders WHERE id > 5")

    assert done.preview == []
    assert done.frame().columns == ["id", "customer"]


@pytest.mark.parametrize("form", ["parquet", "arrow", "csv", "ndjson"])
def test_every_form_holds_the_whole_answer(tmp_path: Path, numbers: Path, form: str) -> None:
    readers: dict[str, Any] = {
        "parquet": pl.read_parquet, "arrow": pl.read_ipc, "csv": pl.read_csv, "ndjson": pl.read_ndjson
    }  # fmt: skip
    done = query(tmp_path, {"t": numbers}, "SELECT n, 'x' || n::text AS s FROM t WHERE n < 100000", format=form)

    frame = readers[form](done.artifact)
    assert done.artifact.name == f"result.{form}"
    assert frame.sort("n").rows() == [(n, f"x{n}") for n in range(100_000)]


def test_a_first_answer_comes_from_samples_before_the_whole(tmp_path: Path, numbers: Path) -> None:
    done = query(tmp_path, {"t": numbers}, "SELECT count(*) AS n FROM t")

    [(first, estimate)] = done.run.partials
    assert estimate
    assert first["sample_rows"] == {"t": 10_000}
    assert first["preview"] == [[10_000]]
    assert set(first) - {"sample_rows"} <= set(done.data)


def test_progress_counts_the_rows_of_the_scan_against_all_of_them(tmp_path: Path, numbers: Path) -> None:
    done = query(tmp_path, {"t": numbers}, "SELECT sum(n) AS s FROM t")

    told = [progress["rows"] for progress in done.run.progressed]
    assert told[-1] == 300_000
    assert {progress["rows_total"] for progress in done.run.progressed} == {300_000}
    assert done.data["rows_scanned"] == 300_000


def test_where_a_condition_reaches_the_scan_no_total_is_claimed(tmp_path: Path, numbers: Path) -> None:
    done = query(tmp_path, {"t": numbers}, "SELECT sum(n) AS s FROM t WHERE n > 10")

    assert {progress["rows_total"] for progress in done.run.progressed} == {None}


def test_the_plan_names_inputs_and_no_paths(tmp_path: Path, inputs: dict[str, Path]) -> None:
    inputs["customers"].write_text(CUSTOMERS, encoding="utf-16")
    done = query(tmp_path, inputs, "SELECT city FROM orders JOIN customers ON customer = name")

    assert "Csv SCAN [orders]" in done.data["plan"]
    assert str(tmp_path) not in done.data["plan"]


def test_what_json_has_no_word_for_is_a_text(tmp_path: Path) -> None:
    path = tmp_path / "odd.parquet"
    pl.DataFrame(
        {
            "f": [float("nan")], "i": [2**60], "d": ["2026-01-01"], "l": [[1.0, float("inf")]], "b": [b"\x00\xff"],
            "t": ["x" * 5_000],
        }
    ).with_columns(pl.col("d").str.to_date()).write_parquet(path)  # fmt: skip
    done = query(tmp_path, {"odd": path}, "SELECT * FROM odd")

    assert done.preview[0][:5] == ["NaN", str(2**60), "2026-01-01", [1.0, "Infinity"], "00ff"]
    assert len(done.preview[0][5]) == 1_000


@pytest.mark.parametrize(
    ("sql", "message", "advice"),
    [
        ("SELECT amuont FROM orders", "There is no column 'amuont'.", "Did you mean 'amount'?"),
        ("SELECT * FROM order", "There is no table 'order'.", "Did you mean 'orders'?"),
        ("SELECT o.citi FROM customers AS o", "There is no column 'citi'.", "Did you mean 'city'?"),
        ("SELECT id, id FROM orders", "Two columns of the result have the same name.", "Give one another name by AS."),
        (
            "SELECT id, sum(amount) FROM orders GROUP BY customer",
            "A column is neither grouped by nor aggregated.",
            None,
        ),
        ("SELECT CAST(customer AS INT) AS c FROM orders", "A value cannot be converted to the type asked for.", None),
        (
            "SELECT id FROM orders WHERE customer > 1",
            "Values of types that do not fit together are compared or combined.",
            None,
        ),
        ("SELECT id FROM orders WHERE customer ~ '('", "A regular expression cannot be read.", None),
        ("SELECT id FROM orders WHERE customer ~ '((a{1000}){1000})'", "A regular expression is too large.", None),
        (
            "SELECT (SELECT name FROM customers) AS n FROM orders",
            "A subquery that stands for one value gives several.",
            None,
        ),
        ("SELECT DATE(customer) AS d FROM orders", "A text is no date in a form that is known.", None),
    ],
)
def test_a_mistake_is_told_in_words_that_help(
    tmp_path: Path, inputs: dict[str, Path], sql: str, message: str, advice: str | None
) -> None:
    with pytest.raises(ParamsError) as caught:
        query(tmp_path, inputs, sql)

    assert caught.value.message == message
    assert caught.value.pointer == "/params/sql"
    assert advice is None or caught.value.advice == advice
    assert not any(word in f"{caught.value.message}{caught.value.advice}" for word in ("bob", "Oslo", str(tmp_path)))


def test_options_for_an_input_that_is_not_there_are_a_mistake(tmp_path: Path, inputs: dict[str, Path]) -> None:
    with pytest.raises(ParamsError, match="no input 'order'"):
        query(tmp_path, inputs, "SELECT 1 AS a", read_options={"order": {"delimiter": ";"}})


def test_more_inputs_than_eight_are_too_many(tmp_path: Path, numbers: Path) -> None:
    with pytest.raises(ParamsError, match="There are 9 inputs"):
        query(tmp_path, {f"t{n}": numbers for n in range(9)}, "SELECT n FROM t1")


def test_a_file_that_changes_its_type_late_is_mended_among_several(tmp_path: Path, inputs: dict[str, Path]) -> None:
    late = tmp_path / "late.csv"
    late.write_text("k,v\n" + "1,2\n" * 400_000 + "1,two\n", encoding="utf-8")
    other = tmp_path / "other.csv"
    other.write_text("k,w\n" + "1,2\n" * 3, encoding="utf-8")
    done = query(
        tmp_path,
        {"other": other, "late": late, **inputs},
        "SELECT count(*) AS n, max(v) AS m FROM late SEMI JOIN other ON late.k = other.k",
    )

    assert done.preview == [[400_001, "two"]]
    assert [told for code, told in done.run.warnings if code == "types" and told.startswith("late: Column 'v' ")]


def test_a_damaged_file_is_no_fault_of_the_sql(tmp_path: Path, inputs: dict[str, Path]) -> None:
    path = tmp_path / "damaged.csv.gz"
    path.write_bytes(gzip.compress(b"n\n" + b"".join(b"%d\n" % (n * n) for n in range(300_000)))[:-50_000])

    with pytest.raises(InputError):
        query(
            tmp_path,
            {**inputs, "t": path},
            "SELECT sum(n) AS s FROM t CROSS JOIN (SELECT 1 AS one FROM customers) AS c",
        )


@pytest.mark.parametrize("form", ["csv", "ndjson", "json", "xlsx"])
def test_a_type_that_a_form_does_not_have_is_written_otherwise_and_named(tmp_path: Path, form: str) -> None:
    path = tmp_path / "bytes.parquet"
    pl.DataFrame({"s": [{"b": [b"\x00"]}]}).write_parquet(path)
    done = query(tmp_path, {"t": path}, "SELECT s FROM t", format=form)

    assert "'s'" in next(message for code, message in done.run.warnings if code == "types_not_kept")
    assert done.artifact.name == f"result.{form}"


def test_formulas_in_csv_become_texts(tmp_path: Path) -> None:
    path = tmp_path / "formulas.parquet"
    texts = ["=1+1", "+1", "-2.5e3", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "plain", None, "a=b", "\uff1d1", "-", "'=1"]
    pl.DataFrame({"=t": texts, "n": [-1] * len(texts)}).write_parquet(path)
    done = query(tmp_path, {"t": path}, "SELECT * FROM t", format="csv")

    frame = pl.read_csv(done.artifact)
    assert frame.columns == ["'=t", "n"]
    assert frame["'=t"].to_list() == [
        "'=1+1", "+1", "-2.5e3", "'-2+3", "'@SUM(A1)", "'\t=1", "'\r=1", "plain", None, "a=b", "'\uff1d1", "'-", "'=1"
    ]  # fmt: skip
    assert set(frame["n"]) == {-1}
    assert [row[0] for row in done.preview] == texts
    assert "7 of '=t'" in next(message for code, message in done.run.warnings if code == "formulas_defused")


def test_formulas_are_kept_if_asked(tmp_path: Path) -> None:
    path = tmp_path / "formulas.parquet"
    pl.DataFrame({"t": ["=1+1"]}).write_parquet(path)
    done = query(tmp_path, {"t": path}, "SELECT t FROM t", format="csv", escape_formulas=False)

    assert done.artifact.read_text(encoding="utf-8") == "t\n=1+1\n"


def test_the_result_is_json_without_a_path(tmp_path: Path, inputs: dict[str, Path]) -> None:
    done = query(tmp_path, inputs, "SELECT * FROM orders")

    assert str(tmp_path) not in json.dumps(done.data)


def test_a_damaged_page_is_no_fault_of_the_sql(tmp_path: Path) -> None:
    path = tmp_path / "damaged.parquet"
    pl.DataFrame({"n": [str(n * n) for n in range(300_000)]}).write_parquet(path, compression="zstd")
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 2_000] = bytes(2_000)
    path.write_bytes(content)

    with pytest.raises(InputError):
        query(tmp_path, {"t": path}, "SELECT max(n) AS m FROM t")


def test_times_that_no_calendar_of_python_reaches_are_texts(tmp_path: Path) -> None:
    path = tmp_path / "far.parquet"
    days = pl.Series([2_932_896, 2_932_897, 2**31 - 1, None]).cast(pl.Int32).cast(pl.Date)
    pl.DataFrame({"day": days, "nested": [[1], [2], [3], None]}).with_columns(
        nested=pl.col("nested").list.eval(pl.element().cast(pl.Int32) + 2_932_895).cast(pl.List(pl.Date))
    ).write_parquet(path)
    done = query(tmp_path, {"t": path}, "SELECT * FROM t")

    assert done.preview == [
        ["9999-12-31", ["9999-12-31"]],
        ["+10000-01-01", ["+10000-01-01"]],
        ["2147483647 days after 1970-01-01", ["+10000-01-02"]],
        [None, None],
    ]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT sum(n) AS s FROM t", [[3 * (2**31 - 1)]]),
        ("SELECT g, sum(u) AS s FROM t GROUP BY g", [["x", 2**32]]),
        ("SELECT sum(n) OVER (ORDER BY u) AS s FROM t", [[2**31 - 1], [2**32 - 2], [3 * (2**31 - 1)]]),
        ("WITH w AS (SELECT u AS a, n AS b FROM t) SELECT min(a - b) AS s FROM w", [[1 - 2**31]]),
        ("WITH w AS (SELECT length(g) AS a FROM t) SELECT min(a - 2) AS s FROM w", [[-1]]),
        ("SELECT length(g) - 2 AS s, count(*) AS c FROM t GROUP BY length(g) - 2 ORDER BY length(g) - 2", [[-1, 3]]),
        ("SELECT lag(length(g)) OVER (ORDER BY u) - 2 AS s FROM t", [[None], [-1], [-1]]),
    ],
)
def test_whole_numbers_do_not_go_round(tmp_path: Path, sql: str, expected: list[list[Any]]) -> None:
    narrow = pl.Series([2**31 - 1] * 3, dtype=pl.Int32)
    frame = pl.DataFrame({"n": narrow, "u": pl.Series([0, 1, 2**32 - 1], dtype=pl.UInt32)}).with_columns(g=pl.lit("x"))
    frame.write_parquet(tmp_path / "t.parquet")

    assert query(tmp_path, {"t": tmp_path / "t.parquet"}, sql).preview == expected


def test_columns_that_nothing_is_computed_with_keep_their_types(tmp_path: Path) -> None:
    pl.DataFrame({"n": pl.Series([1], dtype=pl.Int8)}).write_parquet(tmp_path / "t.parquet")

    done = query(tmp_path, {"t": tmp_path / "t.parquet"}, "SELECT n FROM t WHERE n > 0")

    assert done.data["columns"] == [{"name": "n", "dtype": "Int8"}]
