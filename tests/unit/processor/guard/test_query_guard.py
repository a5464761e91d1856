"""What the first layer lets pass, and that Polars then understands what was meant."""

import string
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlglot import exp, parse

from common.errors import ParamsError
from processor.guard import guard_query, read_query
from processor.guard.parsing import LONGEST_TEXT

FRAMES = {
    "t": pl.LazyFrame({"a": [1, 2, 2], "B": ["x", "y", "z\\"]}),
    "u": pl.LazyFrame({"a": [2], "c": [3.5]}),
}
TABLES = {name: frame.collect_schema().names() for name, frame in FRAMES.items()}


def guarded(sql: str) -> str:
    return guard_query(sql, tables=TABLES, pointer="/params/sql")


def refused(sql: str) -> ParamsError:
    with pytest.raises(ParamsError) as caught:
        guarded(sql)
    assert caught.value.pointer == "/params/sql"
    return caught.value


def answer(sql: str) -> list[tuple[Any, ...]]:
    return pl.SQLContext(FRAMES).execute(guarded(sql), eager=True).rows()


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT a, count(*) AS n FROM t GROUP BY a HAVING count(*) > 1", [(2, 2)]),
        ("SELECT t.a, c FROM t LEFT JOIN u ON t.a = u.a WHERE B NOT LIKE 'y%' ORDER BY 1", [(1, None), (2, 3.5)]),
        (
            "WITH x AS (SELECT a FROM t), y AS (SELECT max(a) AS m FROM x) SELECT m FROM y UNION ALL SELECT a FROM u",
            [(2,), (2,)],
        ),
        ("SELECT * EXCLUDE (a) FROM t LIMIT 1 OFFSET 1", [("y",)]),
        ("SELECT * REPLACE (a + 1 AS a) FROM u", [(3, 3.5)]),
        (
            "SELECT B FROM t QUALIFY row_number() OVER (PARTITION BY a ORDER BY B DESC) = 1 ORDER BY B",
            [("x",), ("z\\",)],
        ),
        ("SELECT sum(a) OVER w AS s FROM u WINDOW w AS (PARTITION BY c)", [(2,)]),
        ("SELECT CASE a WHEN 1 THEN 'one' ELSE 'it''s' END AS k FROM t ORDER BY B", [("one",), ("it's",), ("it's",)]),
        (
            "SELECT a::text AS s, TRY_CAST(B AS int) AS i, CAST(a AS DECIMAL(10, 2)) / 4 AS d FROM t WHERE a = 1",
            [("1", None, 0.25)],
        ),
        ("SELECT EXTRACT(YEAR FROM DATE '2020-12-31' + INTERVAL '1' DAY) AS y", [(2021,)]),
        ("SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a) AND B IN (SELECT B FROM t)", [(2,), (2,)]),
        ("SELECT (SELECT max(c) FROM u) AS m, COUNT(DISTINCT a) AS d FROM t", [(3.5, 2)]),
        (
            "SELECT substring(B FROM 1 FOR 1) AS s, position('y' IN B) AS p, B ~ '^y' AS r FROM t WHERE B = 'y'",
            [("y", 1, True)],
        ),
        ("SELECT sum(a) FILTER (WHERE a > 1) AS s, string_agg(B, ',' ORDER BY B) AS g FROM t", [(4, "x,y,z\\")]),
        ("SELECT a, count(*) AS n FROM t GROUP BY ROLLUP (a) ORDER BY n", [(1, 1), (2, 2), (None, 3)]),
        ("SELECT array_length(ARRAY[1, 2]) AS n, $$it's$$ AS s", [(2, "it's")]),
        ('SELECT "x y"."a" AS "quo""te" FROM u AS "x y"', [(2,)]),
        ("SELECT a FROM t EXCEPT SELECT a FROM u", [(1,)]),
        ("(SELECT a FROM u) -- a remark\n;", [(2,)]),
        ("SELECT a FROM t SEMI JOIN u USING (a)", [(2,), (2,)]),
    ],
)
def test_what_analysts_write_gives_what_they_mean(sql: str, rows: list[tuple[Any, ...]]) -> None:
    assert answer(sql) == rows


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20))
def test_a_string_is_the_same_string_for_polars(text: str) -> None:
    assert answer("SELECT '" + text.replace("'", "''") + "' AS s") == [(text,)]


@given(st.text(string.printable + "äß“😀", min_size=1, max_size=20).filter(lambda name: not name.isspace()))
@example("*")
@example("^a$")
def test_a_name_is_the_same_name_for_polars(name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    read = read_query(f"SELECT c AS {quoted} FROM u", tables=TABLES, pointer="/params/sql")
    frame = pl.SQLContext(FRAMES).execute(read.text, eager=True)
    assert frame.columns == [read.renamed.get(name, name)]


@pytest.mark.parametrize(
    ("sql", "message", "advice"),
    [
        ("SELECT a FROM tt", "There is no table 'tt'.", "Did you mean 't'?"),
        ("SELECT a FROM orders", "There is no table 'orders'.", "There are the tables 't', 'u'."),
        (
            "SELECT uper(B) FROM t",
            "The function 'uper' is not allowed or not known.",
            "Did you mean 'upper' or 'power'?",
        ),
        ("SELECT a FRM t", "The SQL cannot be read at line 1, column 14:\n  SELECT a FRM t\n  " + " " * 13 + "^", None),
        (
            "SELECT a,\n b\nFROM t WHERE (a =",
            "The SQL cannot be read at line 3, column 17:\n  FROM t WHERE (a =\n  " + " " * 16 + "^",
            None,
        ),
        (
            "SELECT 'abc FROM t",
            "The SQL cannot be read: a string, a quoted name or a comment is not closed.",
            "Close it.",
        ),
        ("DROP TABLE t", "This is no query: it begins with 'DROP'.", "Write one SELECT, or WITH … SELECT."),
        ("SELECT 1; SELECT 2", "There are several statements.", None),
        ("", "The SQL is empty.", None),
        ("-- nothing", "The SQL is empty.", None),
        ("WITH t AS (SELECT 1 AS a) SELECT a FROM t", "There are two tables named 't'.", None),
    ],
)
def test_a_refusal_says_what_and_where(sql: str, message: str, advice: str | None) -> None:
    error = refused(sql)

    assert error.message == message
    assert advice is None or error.advice == advice


def test_a_long_line_is_shown_around_its_fault() -> None:
    lines = refused("SELECT " + "a, " * 400 + "a FRM t").message.splitlines()

    assert lines[1][lines[2].index("^")] == "t"
    assert len(lines[1]) < 130


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT " + "(" * 5_000 + "1" + ")" * 5_000,
        "SELECT " + "CASE WHEN 1=1 THEN " * 300 + "1" + " END" * 300,
        "SELECT " + "NOT " * 5_000 + "TRUE",
        "SELECT " + "-" * 1 + " -".join([""] * 5_000) + "1",
        "SELECT " + " + ".join(["1"] * 5_000),
        "SELECT a FROM t WHERE " + " OR ".join(["a = 1"] * 5_000),
        "SELECT " + "1," * 6_000 + "1",
        "SELECT 1 AS " + "a" * LONGEST_TEXT,
        "SELECT 1 UNION ALL " * 1_000 + "SELECT 1",
        "SELECT * FROM t" + " CROSS JOIN t" * 40,
        "SELECT * FROM " + ", ".join(["t"] * 40),
        "WITH a0 AS (SELECT a FROM t), "
        + ", ".join(f"a{n + 1} AS (SELECT x.a FROM a{n} AS x, a{n} AS y)" for n in range(20))
        + " SELECT * FROM a20",
    ],
    ids=lambda sql: sql[:30],
)
def test_what_would_grow_without_bound_is_refused(sql: str) -> None:
    assert refused(sql).advice


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT EXTRACT(\"year FROM a) AS x FROM read_csv('/etc/passwd') --\" FROM a) AS x FROM t",
        'SELECT EXTRACT("year x)" FROM a) AS x FROM t',
        'SELECT EXTRACT("year FROM b" FROM a) AS x FROM t',
        'SELECT EXTRACT("year " FROM a) AS x FROM t',
        "SELECT INTERVAL a DAY AS x FROM t",
    ],
)
def test_what_is_written_without_quotation_marks_is_a_word(sql: str) -> None:
    assert refused(sql).advice


@given(st.text("ab'\"\\;)-/*$ \n", max_size=12))
@example("a a")
@example("a ")
def test_no_text_gets_out_of_its_place(text: str) -> None:
    """Texts, in each place that takes one, come to Polars as one statement over the same table, or not at all."""
    single, double = text.replace("'", "''"), text.replace('"', '""')
    for place in (
        f"INTERVAL '{single}' DAY",
        f"EXTRACT('{single}' FROM a)",
        f'EXTRACT("{double}" FROM a)',
        f'CAST(a AS "{double}")',
        f"DATE '{single}'",
        f'"{double}"(a)',
        f"'{single}' || \"{double}\"",
        f'sum(a) OVER "{double}"',
        f"$${text}$$",
    ):
        try:
            written = guarded(f"SELECT {place} AS s FROM t")
        except ParamsError:
            continue
        assert written.endswith('AS "s" FROM "t"')
        [tree] = parse(written, read="postgres")
        assert isinstance(tree, exp.Select)
        assert [table.name for table in tree.find_all(exp.Table)] == ["t"]
        assert len(tree.expressions) == 1


def test_long_lists_are_no_fault() -> None:
    assert answer(f"SELECT count(*) AS n FROM t WHERE a IN ({', '.join(map(str, range(2, 3_000)))})") == [(2,)]


def test_names_that_polars_takes_for_patterns_get_others_that_stand_nowhere_else() -> None:
    tables = {"t": ["^a$", "name1_", "b"]}
    read = read_query('SELECT "^a$", \'name0_\' AS s FROM t WHERE "^b$" = 1', tables=tables, pointer="/params/sql")

    assert set(read.renamed) == {"^a$", "^b$"}
    assert not any(name in text for name in read.renamed.values() for text in ("'name0_'", "name1_"))
    assert "^" not in read.text
