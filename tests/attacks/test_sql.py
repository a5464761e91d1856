"""SQL that reaches for what was not handed in: each layer of the guard stops it alone, and the whole harms nobody."""

import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import asyncpg
import polars as pl
import pytest
import pytest_asyncio

from attacks.conftest import data_of, stored, whole_task
from common.errors import ParamsError
from common.storage import Storage
from helpers.database import Database, DatabaseServers, connected
from helpers.factories import a_dataset
from helpers.plugin_environment import environment_with_entry_points
from helpers.processors import ProcessorFactory, ended, outcomes
from helpers.querying import query
from plugins.attacks.sql import DEEDS, READS, READS_FROM_AFAR
from processor.confinement.wall import Wall
from processor.guard import guard_expression, guard_query, refuse_foreign_paths
from processor.guard.condition import check_plan
from processor.guard.failures import is_of_polars
from sundog.postgres_binaries import find_postgres

TESTS = Path(__file__).parent.parent
SECRET = b"name,secret\nof-another,4711\n"
DATA = b"a\n1\n2\n"
MANY = b"n\n" + b"".join(b"%d\n" % number for number in range(100_000))
# Where Polars finds nothing to read in the secret, with or without a guard.
NOT_FOR_POLARS = frozenset(
    {
        "in backticks",
        "as Parquet",
        "as Arrow",
        "as JSON",
        "between dollars",
        "with escapes",
        "behind a string that ends twice",
        "a path as a table",
        "a path as a name",
        "from http",
        "from S3",
        "from S3, several",
        "sideways",
        "by a join of nothing",
        "a string continued",
        "unicode escapes",
        "tagged dollars",
        "a comment inside the name",
        "with a schema",
        "a named argument",
        "a path in double quotes with a glob",
        "TABLE",
        "VALUES",
        "in LIMIT",
        "in GROUP BY",
        "in an array",
        "ONLY",
        "ROWS FROM",
        "as a scan",
        "as DuckDB's",
        "as text",
        "as Delta",
        "pivoted",
        "a sample",
        "wide letters",
        "a zero-width space",
        "from a device",
        "from a process",
    }
)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.csv"
    path.write_bytes(SECRET)
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data.csv"
    path.write_bytes(DATA)
    return path


@pytest.mark.parametrize("spelling", [*READS, *READS_FROM_AFAR])
def test_the_text_alone_is_refused(spelling: str, secret: Path) -> None:
    with pytest.raises(ParamsError) as caught:
        guard_query(
            {**READS, **READS_FROM_AFAR}[spelling].replace("@", str(secret)),
            tables={"data": ["a"]},
            pointer="/params/sql",
        )

    assert "4711" not in caught.value.message


def answered(text: str, data: Path) -> str:
    """What Polars makes of an expression that nobody has looked at; nothing where it cannot."""
    try:
        return str(pl.scan_csv(data, glob=False).select(pl.sql_expr(text)).collect())
    except BaseException as error:
        if not is_of_polars(error) and not isinstance(error, OSError):
            raise
        return ""


@pytest.mark.parametrize("deed", DEEDS)
def test_what_is_no_question_is_refused(deed: str) -> None:
    with pytest.raises(ParamsError):
        guard_query(deed, tables={"data": ["a"]}, pointer="/params/sql")


@pytest.mark.parametrize("spelling", READS)
def test_an_expression_that_reads_is_refused(spelling: str, secret: Path) -> None:
    sql = READS[spelling].replace("@", str(secret))
    for text in (sql, f"({sql})", f"a = ({sql})", f"a IN ({sql})", f"EXISTS ({sql})", f"a > 1 OR ({sql}) IS NULL"):
        with pytest.raises(ParamsError):
            guard_expression(text, columns=["a"], pointer="/params/where")


@pytest.mark.parametrize("spelling", sorted(set(READS) - NOT_FOR_POLARS))
def test_an_expression_that_reads_gives_nothing_past_the_text_either(spelling: str, secret: Path, data: Path) -> None:
    """The first layer is left out: Polars makes no value of a query within an expression."""
    sql = READS[spelling].replace("@", str(secret))
    for text in (f"({sql})", f"a = ({sql})", f"a IN ({sql})", f"EXISTS ({sql})"):
        assert not any(word in answered(text, data) for word in ("4711", "of-another"))


@pytest.mark.parametrize("spelling", sorted(set(READS) - NOT_FOR_POLARS))
def test_an_expression_that_reads_does_not_pass_its_plan(spelling: str, secret: Path) -> None:
    """The first layer is left out: what Polars makes an expression of is asked what it reads."""
    sql = READS[spelling].replace("@", str(secret))
    for text in (f"({sql})", f"a = ({sql})", f"a IN ({sql})", f"EXISTS ({sql})"):
        try:
            expression = pl.sql_expr(text)
        except pl.exceptions.PolarsError:
            continue
        with pytest.raises(ParamsError):
            check_plan(expression, text=text, schema=pl.Schema({"a": pl.Int64()}), pointer="/params/where")


@pytest.mark.parametrize("spelling", sorted(set(READS) - NOT_FOR_POLARS))
def test_the_plan_alone_is_refused(spelling: str, secret: Path, data: Path) -> None:
    """The first layer is left out: Polars gets the text as it is."""
    frames = {"data": pl.scan_csv(data, glob=False)}
    try:
        planned = pl.SQLContext(frames).execute(READS[spelling].replace("@", str(secret)))
        planned.collect_schema()
    except pl.exceptions.PolarsError:
        return
    if planned.collect_schema().names() in (["Logical Plan"], ["Response"]):
        return
    with pytest.raises(ParamsError, match="no input of the task"):
        refuse_foreign_paths(planned, frames=frames.values())


def test_most_spellings_would_get_through_without_a_guard(secret: Path, data: Path) -> None:
    """What the tests of single layers prove is worth what Polars does by itself."""
    read = set()
    for spelling in set(READS) - NOT_FOR_POLARS:
        frames = {"data": pl.scan_csv(data, glob=False)}
        try:
            answer = pl.SQLContext(frames).execute(READS[spelling].replace("@", str(secret)), eager=True)
        except (pl.exceptions.PolarsError, OSError):
            continue
        if "of-another" in str(answer.rows()):
            read.add(spelling)
    assert len(read) > 15


@pytest.fixture
def server() -> Iterator[str]:
    """A web server on this machine that gives out a table."""

    class Answer(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(SECRET)))
            self.send_header("Accept-Ranges", "bytes")
            self.end_headers()

        def do_GET(self) -> None:
            first, _, last = self.headers.get("Range", f"bytes=0-{len(SECRET) - 1}")[6:].partition("-")
            body = SECRET[int(first) : int(last or len(SECRET) - 1) + 1]
            self.send_response(206)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Range", f"bytes {first}-{int(first) + len(body) - 1}/{len(SECRET)}")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/x.csv"
        server.shutdown()
        thread.join()


def test_the_plan_alone_is_refused_where_it_reads_from_the_web(server: str, data: Path) -> None:
    planned = pl.SQLContext({"data": pl.scan_csv(data, glob=False)}).execute(f"SELECT * FROM read_csv('{server}')")

    assert planned.collect().rows() == [("of-another", 4711)]
    with pytest.raises(ParamsError, match="no input of the task"):
        refuse_foreign_paths(planned, inputs=[data])


@pytest.fixture(scope="session")
def sql_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    points = {"raw-sql": "plugins.attacks.sql:RAW"}
    folder = tmp_path_factory.mktemp("raw-sql")
    return environment_with_entry_points("raw-sql-attacks", points, folder=folder, paths=[TESTS])


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def behind_walls(
    servers: DatabaseServers, sql_python: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Mapping[str, str]]:
    """What Polars said to each statement in a child, with neither of the first two layers."""
    server = await servers.get(find_postgres({}))
    folder = tmp_path_factory.mktemp("behind-walls")
    (folder / "secret.csv").write_bytes(SECRET)
    async with server.database() as database, connected(database.dsn) as connection:
        processors = ProcessorFactory(database=database, python=sql_python, folder=folder)
        await stored(Storage.open(processors.storage), DATA)
        dataset = await a_dataset(connection, content=DATA)
        async with processors.start() as processor:
            if set(processor.identity.confinement) != set(Wall):
                pytest.skip("this machine has not all walls")
            task = await whole_task(
                connection, kind="raw-sql", inputs={"data": dataset}, params={"path": str(folder / "secret.csv")}
            )
            said = (await data_of(connection, task))["said"]
        yield said


@pytest.mark.parametrize("spelling", READS)
def test_the_walls_alone_keep_the_secret(behind_walls: Mapping[str, str], spelling: str) -> None:
    assert "4711" not in behind_walls[spelling]
    assert "of-another" not in behind_walls[spelling]


@pytest.mark.parametrize("spelling", sorted(set(READS) - NOT_FOR_POLARS - {"under another name"}))
def test_the_walls_answer_that_it_is_forbidden(behind_walls: Mapping[str, str], spelling: str) -> None:
    said = behind_walls[spelling].lower()

    assert "permission denied" in said or "not permitted" in said or "logical plan" in said or "'" in said


@pytest.fixture
def processors(database: Database, sql_python: str, tmp_path: Path) -> ProcessorFactory:
    return ProcessorFactory(database=database, python=sql_python, folder=tmp_path)


async def asked(connection: asyncpg.Connection, dataset: object, sql: str, **changed: Any) -> object:
    wanted = {"max_attempts": 1, **changed}
    return await whole_task(connection, kind="query", inputs={"t": dataset}, params={"sql": sql}, **wanted)


@pytest.mark.parametrize(
    ("sql", "limits", "outcome"),
    [
        (
            "SELECT count(*) AS n FROM t AS a CROSS JOIN t AS b WHERE (a.n * b.n) % 7 = 3",
            {"timeout_s": 2},
            "timed_out or out_of_memory",
        ),
        (
            "SELECT sum(a.n * b.n + c.n) AS s FROM t AS a, t AS b, t AS c",
            {"timeout_s": 2},
            "timed_out or out_of_memory",
        ),
        (
            "SELECT max(lpad(n::text, 2000000000, 'x')) AS s FROM t",
            {"memory_mb": 256},
            "out_of_memory",
        ),
        ("SELECT lpad(n::text, 1000000, 'x') AS s FROM t ORDER BY n DESC", {"memory_mb": 256}, "out_of_memory"),
        (
            "SELECT replace(replace(lpad('x', 30000, 'x'), 'x', lpad('y', 9000, 'y')), 'y', 'yyyyy') || n AS s FROM t",
            {"memory_mb": 256},
            "out_of_memory or crashed",
        ),
        # Sines are hard to compress, so the disk is soon full.
        ("SELECT sin(a.n * b.n) AS s FROM t AS a CROSS JOIN t AS b", {}, "out_of_disk"),
    ],
    ids=["cross join", "three times", "one long text", "wide rows", "a text that grows", "10,000 million rows"],
)
async def test_what_never_ends_ends_by_its_limit_and_harms_no_neighbour(
    processors: ProcessorFactory, connection: asyncpg.Connection, sql: str, limits: dict[str, int], outcome: str
) -> None:
    await stored(Storage.open(processors.storage), MANY)
    many = await a_dataset(connection, content=MANY)
    async with processors.start(slots=2, scratch_mb=64):
        endless = await asked(connection, many, sql, **limits)
        neighbour = await asked(connection, many, "SELECT max(n) AS m FROM t")
        await ended(connection, neighbour)
        await ended(connection, endless, within=60)
        after = await asked(connection, many, "SELECT min(n) AS m FROM t")
        await ended(connection, after)

    assert (await outcomes(connection, endless))[0] in outcome.split(" or ")
    assert await outcomes(connection, neighbour) == ["succeeded"]
    assert await outcomes(connection, after) == ["succeeded"]


@pytest.mark.parametrize(
    "sql",
    [
        "WITH RECURSIVE x AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM x) SELECT * FROM x",
        "WITH x AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM x) SELECT * FROM x",
        "SELECT * FROM generate_series(1, 10000000000)",
        "SELECT * FROM range(10000000000)",
        "SELECT unnest(generate_series(1, 10000000000)) AS n FROM data",
        "SELECT * FROM UNNEST(ARRAY[1, 2]) AS x",
    ],
)
def test_rows_from_nothing_are_refused(tmp_path: Path, data: Path, sql: str) -> None:
    with pytest.raises(ParamsError):
        query(tmp_path, {"data": data}, sql)


@pytest.mark.parametrize(
    "pattern",
    ["(a{1000}){1000}", "((((a{50}){50}){50}){50}){50}", "(?:" * 300 + ")" * 300, "\\pL{100000}", "(a|b|ab)*{99999}"],
)
def test_a_regex_bomb_is_a_mistake_and_no_work(tmp_path: Path, data: Path, pattern: str) -> None:
    sql = f"SELECT a FROM data WHERE regexp_like(a::text, '{pattern}')"
    with pytest.raises(ParamsError, match="regular expression"):
        query(tmp_path, {"data": data}, sql)


def test_a_pattern_that_others_backtrack_on_is_quick(tmp_path: Path) -> None:
    path = tmp_path / "texts.parquet"
    pl.DataFrame({"s": ["a" * 100_000 + "b"] * 100}).write_parquet(path)
    done = query(tmp_path, {"t": path}, "SELECT count(*) AS n FROM t WHERE s ~ '^(a+)+$'")

    assert done.preview == [[0]]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT CAST(name AS INT) AS i FROM t",
        "SELECT STRPTIME(name, '%Y') AS d FROM t",
        "SELECT DATE(name) AS d FROM t",
        "SELECT nosuch FROM t",
        "SELECT x.nosuch FROM t AS x",
        "SELECT name + secret AS s FROM t",
        "SELECT secret FROM t WHERE name > 1",
        "SELECT sum(name) AS s FROM t",
        "SELECT (SELECT name FROM t) AS n FROM t",
        "SELECT ARRAY[name, secret] AS l FROM t",
        "SELECT CAST(name AS BOOLEAN) AS b FROM t",
        "SELECT name FROM t WHERE name ~ '('",
        "SELECT greatest() AS g FROM t",
        "SELECT substr(name) AS s FROM t",
        "SELECT split_part(name, '-') AS s FROM t",
        "SELECT name, sum(secret) AS s FROM t GROUP BY secret HAVING name = 'x'",
    ],
)
def test_an_error_quotes_neither_data_nor_paths(tmp_path: Path, sql: str) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame({"name": ["of-another", "of-one"], "secret": [4711, 4712]}).write_parquet(path)
    try:
        query(tmp_path, {"t": path}, sql)
    except ParamsError as error:
        told = f"{error.message} {error.advice}"
        assert not any(word in told for word in ("of-another", "4711", str(tmp_path), "SCAN"))
