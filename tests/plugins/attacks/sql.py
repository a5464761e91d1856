"""SQL that reaches for what is not handed in; and a kind that gives it to Polars as it is, past all that guards."""

from collections.abc import Mapping

import polars as pl
from pydantic import BaseModel, ConfigDict

from processor.kind import Input, Kind, Outcome
from processor.run import Run

# `@` stands for the file of somebody else: CSV with the columns `name` and `secret`.
READS: Mapping[str, str] = {
    "a function as a table": "SELECT * FROM read_csv('@')",
    "in capitals": "SELECT * FROM READ_CSV('@')",
    "quoted": """SELECT * FROM "read_csv"('@')""",
    "in backticks": "SELECT * FROM `read_csv`('@')",
    "a comment between": "SELECT * FROM read_csv/* a table */('@')",
    "a line comment between": "SELECT * FROM read_csv -- a table\n('@')",
    "odd white space": "SELECT\t*\u00a0FROM\r\n\f read_csv\v( '@' )",
    "as a part of WITH": "WITH x AS (SELECT * FROM read_csv('@')) SELECT * FROM x",
    "deep in WITH": "WITH x AS (WITH y AS (SELECT * FROM read_csv('@')) SELECT * FROM y) SELECT name FROM x",
    "in a subquery": "SELECT * FROM (SELECT * FROM read_csv('@')) AS x",
    "as a value": "SELECT (SELECT max(secret) FROM read_csv('@')) AS s FROM data",
    "in a condition": "SELECT a FROM data WHERE a IN (SELECT secret FROM read_csv('@'))",
    "in EXISTS": "SELECT a FROM data WHERE EXISTS (SELECT 1 FROM read_csv('@') AS x WHERE x.secret = data.a)",
    "in ORDER BY": "SELECT a FROM data ORDER BY (SELECT count(*) FROM read_csv('@'))",
    "in HAVING": "SELECT a FROM data GROUP BY a HAVING a < (SELECT max(secret) FROM read_csv('@'))",
    "joined": "SELECT * FROM data JOIN read_csv('@') AS x ON data.a = x.secret",
    "after a comma": "SELECT * FROM data, read_csv('@')",
    "in a union": "SELECT a FROM data UNION ALL SELECT secret FROM read_csv('@')",
    "under another name": "SELECT x.name FROM read_csv('@') AS x(name, secret)",
    "FROM first": "FROM read_csv('@')",
    "as Parquet": "SELECT * FROM read_parquet('@')",
    "as Arrow": "SELECT * FROM read_ipc('@')",
    "as JSON": "SELECT * FROM read_json('@')",
    "several files": "SELECT * FROM read_csv(['@', '@'])",
    "by a pattern": "SELECT * FROM read_csv('@*')",
    "as a file's address": "SELECT * FROM read_csv('file://@')",
    "between dollars": "SELECT * FROM read_csv($$@$$)",
    "with escapes": r"SELECT * FROM read_csv(E'\x2f../@')",
    "behind a string that ends twice": r"SELECT 'a\' AS x, ' FROM read_csv('@') -- '",
    "a path as a table": "SELECT * FROM '@'",
    "a path as a name": 'SELECT * FROM "@"',
    "explained": "EXPLAIN SELECT * FROM read_csv('@')",
    "made a table": "CREATE TABLE x AS SELECT * FROM read_csv('@')",
    "nested in functions": "SELECT upper(concat('x', (SELECT max(name) FROM read_csv('@')))) AS s FROM data",
    "sideways": "SELECT * FROM data, LATERAL (SELECT * FROM read_csv('@')) AS x",
    "by a join of nothing": "SELECT * FROM data CROSS JOIN LATERAL read_csv('@') AS x",
    "a left join's function": "SELECT * FROM data LEFT JOIN read_csv('@') ON true",
    "a string continued": "SELECT * FROM read_csv('@'\n'')",
    "unicode escapes": "SELECT * FROM U&\"read\\005fcsv\"('@')",
    "tagged dollars": "SELECT * FROM read_csv($x$@$x$)",
    "a comment inside the name": "SELECT * FROM read_/**/csv('@')",
    "nested comments": "SELECT /* /* */ a FROM data -- */ * FROM read_csv('@')\n",
    "mixed case and quoted": "SELECT * FROM \"Read_Csv\"('@')",
    "with a schema": "SELECT * FROM pg_catalog.read_csv('@')",
    "a named argument": "SELECT * FROM read_csv(path => '@')",
    "a path in double quotes with a glob": 'SELECT * FROM "@*"',
    "TABLE": 'TABLE "@"',
    "VALUES": "VALUES ((SELECT max(secret) FROM read_csv('@')))",
    "in a window": "SELECT a, sum(a) OVER (ORDER BY (SELECT count(*) FROM read_csv('@'))) AS s FROM data",
    "in LIMIT": "SELECT a FROM data LIMIT (SELECT count(*) FROM read_csv('@'))",
    "in GROUP BY": "SELECT count(*) AS n FROM data GROUP BY (SELECT max(secret) FROM read_csv('@'))",
    "in QUALIFY": "SELECT a FROM data QUALIFY row_number() OVER () < (SELECT max(secret) FROM read_csv('@'))",
    "in a join's condition": "SELECT d.a FROM data AS d JOIN data AS e ON e.a < (SELECT 1 FROM read_csv('@'))",
    "in CASE": "SELECT CASE WHEN a > 0 THEN (SELECT max(name) FROM read_csv('@')) END AS s FROM data",
    "in an array": "SELECT ARRAY(SELECT secret FROM read_csv('@')) AS l",
    "in parentheses": "SELECT * FROM (read_csv('@'))",
    "behind a recursion": "WITH RECURSIVE x AS (SELECT secret FROM read_csv('@') UNION ALL SELECT 1 FROM x WHERE false)"
    " SELECT * FROM x",
    "in EXCEPT": "SELECT secret FROM read_csv('@') EXCEPT SELECT a FROM data",
    "ONLY": "SELECT * FROM ONLY read_csv('@')",
    "ROWS FROM": "SELECT * FROM ROWS FROM (read_csv('@')) AS x",
    "as a scan": "SELECT * FROM scan_csv('@')",
    "as DuckDB's": "SELECT * FROM read_csv_auto('@')",
    "as text": "SELECT * FROM read_text('@')",
    "as Delta": "SELECT * FROM read_delta('@')",
    "pivoted": "SELECT * FROM read_csv('@') PIVOT (max(secret) FOR name IN ('x'))",
    "a sample": "SELECT * FROM read_csv('@') TABLESAMPLE SYSTEM (100)",
    "wide letters": "SELECT * FROM \uff52ead_csv('@')",
    "a zero-width space": "SELECT * FROM read_csv\u200b('@')",
    "from a device": "SELECT * FROM read_csv('/dev/stdin')",
    "from a process": "SELECT * FROM read_csv('/proc/self/environ')",
    "from http": "SELECT * FROM read_csv('http://127.0.0.1:1/x.csv')",
    "from S3": "SELECT * FROM read_parquet('s3://bucket/x.parquet')",
    "from S3, several": "SELECT * FROM read_parquet('s3://bucket/*.parquet')",
}
# The same from places that a client asks again and again before it gives up.
READS_FROM_AFAR: Mapping[str, str] = {
    "from https": "SELECT * FROM read_csv('https://127.0.0.1:1/x.csv')",
    "from GCS": "SELECT * FROM read_parquet('gs://bucket/x.parquet')",
    "from Azure": "SELECT * FROM read_parquet('az://bucket/x.parquet')",
    "from Hugging Face": "SELECT * FROM read_parquet('hf://datasets/x/y.parquet')",
}
# Statements that are no question.
DEEDS = (
    "CREATE TABLE x AS SELECT 1 AS a",
    "DROP TABLE data",
    "DELETE FROM data",
    "TRUNCATE TABLE data",
    "INSERT INTO data VALUES (1)",
    "UPDATE data SET a = 1",
    "COPY data TO '/tmp/x.csv'",
    "COPY data FROM PROGRAM 'id'",
    "ATTACH '/tmp/x.db'",
    "EXPLAIN SELECT 1",
    "SHOW TABLES",
    "DESCRIBE data",
    "SET x = 1",
    "PRAGMA database_list",
    "CALL x()",
    "DO $$ BEGIN END $$",
    "BEGIN",
    "VACUUM",
    "LOAD 'x'",
    "GRANT ALL ON data TO PUBLIC",
    "SELECT 1 AS a; DROP TABLE data",
    "SELECT 1 AS a; SELECT 2 AS a",
    "SELECT a INTO x FROM data",
    "SELECT a FROM data FOR UPDATE",
    "WITH x AS (DELETE FROM data RETURNING a) SELECT * FROM x",
)


class SqlParams(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str


def raw(_run: Run, inputs: Mapping[str, Input], params: SqlParams) -> Outcome:
    """What Polars says to each statement: nothing of the guard stands between."""
    said = {name: _said(sql.replace("@", params.path), inputs["data"]) for name, sql in READS.items()}
    return Outcome(summary={}, data={"said": said})


def _said(sql: str, data: Input) -> str:
    try:
        return str(pl.SQLContext({"data": pl.scan_csv(data.path, glob=False)}).execute(sql, eager=True).rows())
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is what was said
        return f"{type(error).__name__}: {error}"


RAW = Kind(
    name="raw-sql",
    version="1",
    title="SQL past the guard",
    summary="Attacks.",
    params=SqlParams,
    inputs={"data": "a table with a column a"},
    example={"path": "/etc/passwd"},
    analyse=raw,
)
