"""Where schema.sql and the migrations are: in the installed package, or at the root of a checkout."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MIGRATION = re.compile(r"(?P<version>\d{4})_(?P<name>[a-z0-9_]+)\.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One numbered file that takes a database from `version - 1` to `version`."""

    version: int
    name: str
    sql: str


def schema_folder() -> Path:
    """The folder that holds schema.sql and migrations/."""
    packaged = Path(__file__).parent
    return packaged if (packaged / "schema.sql").exists() else packaged.parents[2]


def schema_sql(folder: Path) -> str:
    """The text that makes a new database."""
    return (folder / "schema.sql").read_text("utf-8")


def migrations(folder: Path) -> Iterator[Migration]:
    """The migrations of a folder, oldest first."""
    for path in sorted((folder / "migrations").glob("*.sql")):
        if match := MIGRATION.fullmatch(path.name):
            yield Migration(version=int(match["version"]), name=match["name"], sql=path.read_text("utf-8"))
