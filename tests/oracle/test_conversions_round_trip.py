"""From every format into every other and back: the values are the same, or a warning names the column."""

import datetime as dt
import itertools
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_series_equal

from helpers.analysing import Analysed, analysed
from processor.analyses.convert import KIND
from processor.writing import FORMATS, Form, write
from processor.writing.formats import FormatName

NAMES = list(FORMATS)
# Without what the first format cannot hold itself: a conversion starts from what a file says.
TABLE = pl.DataFrame(
    {
        "text": ['é, "q"\nx', "007", "", None, "last"],
        "integer": [1, -(2**53) - 1, None, 2**62, 0],
        "float": [0.1, -1e300, None, 5e-324, 1.0],
        "flag": [True, None, False, True, True],
        "day": [dt.date(1970, 1, 1), dt.date(2038, 1, 19), None, dt.date(1900, 3, 1), dt.date(9999, 12, 31)],
        "moment": pl.Series(
            [
                "2020-01-01 01:02:03.456789",
                None,
                "1999-12-31 23:59:59",
                "2020-02-29 00:00:00.000001",
                "1970-01-01 12:00",
            ]
        ).str.to_datetime(time_unit="us"),
        "decimal": pl.Series(
            [Decimal("1.10"), None, Decimal("-99999999.99"), Decimal(0), Decimal("0.01")], dtype=pl.Decimal(10, 2)
        ),
        "list": [[1, 2], [], None, [3], [4]],
        "struct": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}, {"a": 3, "b": "z"}, {"a": 4, "b": ""}, {"a": 5, "b": "v"}],
    }
)


def convert(path: Path, folder: Path, target: FormatName) -> Analysed:
    return analysed(KIND, {"data": path}, folder, format=target, escape_formulas=False)


def read(path: Path, folder: Path) -> pl.DataFrame:
    """What is in a file, by our own reading: converted into Arrow, which keeps everything."""
    return pl.read_ipc(convert(path, folder, "arrow").file("data.arrow"))


def first_file(folder: Path, source: FormatName) -> Path:
    path = folder / FORMATS[source].filename("table", "none")
    compression = FORMATS[source].compressions[0]
    write(TABLE.lazy(), path, Form(format=source, compression=compression, escape_formulas=False), scratch=folder)
    return path


@pytest.mark.parametrize(("source", "target"), list(itertools.product(NAMES, NAMES)))
def test_values_are_kept_or_the_loss_is_named(source: FormatName, target: FormatName, tmp_path: Path) -> None:
    path = first_file(tmp_path, source)
    before = read(path, tmp_path / "before")
    found = convert(path, tmp_path / "between", target)
    written = next(file for name, (file, _) in found.run.artifacts.items() if name.startswith("data"))
    after = read(written, tmp_path / "after")
    said = " ".join(message for _, message in found.run.warnings)

    assert after.height == before.height == TABLE.height
    assert after.columns == before.columns
    for name in before.columns:
        if f"{name!r}" not in said:
            assert_series_equal(after[name], before[name])
