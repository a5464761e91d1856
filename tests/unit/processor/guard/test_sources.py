"""What a plan reads is seen, however it is said."""

from pathlib import Path

import polars as pl
import pytest

from common.errors import ParamsError
from processor.guard import refuse_foreign_paths, sources

FRAME = pl.DataFrame({"a": [1, 2]})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inputs = tmp_path / "in [puts]"
    inputs.mkdir()
    for name in ("one.csv", "two.csv", "three.csv", "four.csv", "five.csv"):
        FRAME.write_csv(inputs / name)
    FRAME.write_parquet(inputs / "a.parquet")
    FRAME.write_ipc(inputs / "a.arrow")
    FRAME.write_ndjson(inputs / "a.ndjson")
    return inputs


def test_a_plan_over_its_inputs_passes(folder: Path) -> None:
    frames = {"t": pl.scan_csv(folder / "one.csv", glob=False), "u": pl.scan_parquet(folder / "a.parquet", glob=False)}
    joined = pl.SQLContext(frames).execute("SELECT * FROM t JOIN u USING (a) WHERE a IN (SELECT a FROM t)")

    refuse_foreign_paths(joined, inputs=[folder / "one.csv", folder / "a.parquet"])


def test_a_table_in_memory_is_no_file() -> None:
    refuse_foreign_paths(FRAME.lazy(), inputs=[])


@pytest.mark.parametrize("name", ["one.csv", "a.parquet", "a.arrow", "a.ndjson"])
def test_a_file_that_is_no_input_is_refused_in_every_format(folder: Path, name: str) -> None:
    readers = {"csv": "read_csv", "parquet": "read_parquet", "arrow": "read_ipc", "ndjson": "read_json"}
    path = folder / name
    frame = pl.SQLContext({}).execute(f"SELECT * FROM {readers[path.suffix[1:]]}('{path}')".replace("[", "[[]"))

    with pytest.raises(ParamsError, match="no input of the task"):
        refuse_foreign_paths(frame, inputs=[folder / "two.csv"])


@pytest.mark.parametrize("pattern", ["[ot]*.csv", "*.csv"])
def test_several_files_behind_one_pattern_are_refused_even_if_the_first_is_an_input(folder: Path, pattern: str) -> None:
    several = pl.scan_csv(str(folder).replace("[", "[[]") + "/" + pattern)

    with pytest.raises(ParamsError):
        refuse_foreign_paths(several, inputs=[folder / "five.csv", folder / "one.csv"])


def test_a_path_that_begins_like_an_input_is_refused(folder: Path) -> None:
    frame = pl.scan_csv(folder / "one.csv", glob=False)

    with pytest.raises(ParamsError):
        refuse_foreign_paths(frame, inputs=[folder / "one.cs", folder])


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT (SELECT max(a) FROM @) AS m FROM d",
        "SELECT a FROM d WHERE a IN (SELECT a FROM @)",
        "SELECT a FROM d WHERE EXISTS (SELECT 1 FROM @ AS f WHERE f.a = d.a)",
        "SELECT a FROM d WHERE a = (SELECT max(f.a) FROM @ AS f WHERE f.a <= d.a)",
        "SELECT a FROM d ORDER BY (SELECT count(*) FROM @)",
        "WITH x AS (SELECT a FROM @) SELECT d.a FROM d LEFT JOIN x ON x.a = d.a",
        "SELECT a FROM d UNION ALL SELECT a FROM @ LIMIT 1",
        "SELECT 'a\nDF' AS \"SCAN\" FROM @",
    ],
)
def test_a_scan_is_seen_wherever_it_hides(folder: Path, sql: str) -> None:
    FRAME.write_parquet(folder.parent / "b.parquet")
    frame = pl.SQLContext({"d": FRAME.lazy()}).execute(sql.replace("@", f"read_parquet('{folder.parent}/b.parquet')"))

    assert f"[{folder.parent}/b.parquet]" in sources(frame)


@pytest.mark.parametrize(
    "sql",
    [
        'SELECT "SCAN" FROM t WHERE kind = \'CT SCAN\' ORDER BY "SCAN"',
        'SELECT kind AS "Csv SCAN [/etc/passwd]" FROM t',
        "SELECT count(*) AS n FROM t WHERE kind IN ('SCAN [', 'x') GROUP BY \"SCAN\"",
        'SELECT a.kind FROM t AS a JOIN t AS b ON a."SCAN" = b.kind',
        "SELECT kind FROM t WHERE kind = 'one line\n CT SCAN of [x]'",
    ],
)
def test_the_word_in_a_name_or_a_text_is_no_scan(tmp_path: Path, sql: str) -> None:
    path = tmp_path / "scans.csv"
    pl.DataFrame({"kind": ["CT SCAN"], "SCAN": ["x"]}).write_csv(path)
    frame = pl.SQLContext({"t": pl.scan_csv(path, glob=False)}).execute(sql)

    assert sources(frame) == {f"[{path}]"}


def test_a_scan_between_two_texts_with_a_quotation_mark_is_seen(folder: Path) -> None:
    path = folder / "one.csv"
    sql = "SELECT 'x\"' AS l FROM (SELECT * FROM t WHERE a > 0) AS s WHERE s.a::text <> 'y\"'"
    frame = pl.SQLContext({"t": pl.scan_csv(path, glob=False)}).execute(sql)

    assert sources(frame) == {f"[{path}]"}


def test_a_line_of_a_text_that_says_it_is_a_scan_is_refused() -> None:
    frame = pl.SQLContext({"d": FRAME.lazy()}).execute("SELECT 'x\nCsv SCAN [/etc/passwd]' AS s FROM d")

    with pytest.raises(ParamsError):
        refuse_foreign_paths(frame)
