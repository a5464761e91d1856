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
    "from http": "SELECT * FROM read_csv('http://127.0.0.1:1/x.csv')",
    "from S3": "SELECT * FROM read_parquet('s3://bucket/x.parquet')",
    "from S3, several": "SELECT * FROM read_parquet('s3://bucket/*.parquet')",
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
