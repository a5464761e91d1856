"""The tables of TPC-H, made for a session of tests, and its 22 questions with their usual values."""

import subprocess
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

QUESTIONS: Mapping[int, Path] = {
    int(path.stem[1:]): path for path in sorted((Path(__file__).parents[1] / "data" / "tpch").glob("q*.sql"))
}
TABLES = ("customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier")


def make_tables(folder: Path, *, scale: str, form: str = "parquet", only: Sequence[str] = TABLES) -> Mapping[str, Path]:
    """Tables as files, by their names; one of another scale that is there already is written over."""
    program = Path(sysconfig.get_path("scripts")) / "tpchgen-cli"
    command = [str(program), form, "-s", scale, "-T", ",".join(only), "-o", str(folder), "--overwrite"]
    subprocess.run(command, check=True, capture_output=True)
    return {name: folder / f"{name}.{form}" for name in only}


def duckdb_over(tables: Mapping[str, Path], *, threads: int = 2) -> duckdb.DuckDBPyConnection:
    """A DuckDB that has the files as views."""
    connection = duckdb.connect(config={"threads": threads})
    for name, path in tables.items():
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM '{path}'")
    return connection
