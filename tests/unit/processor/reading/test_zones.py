"""Zones that Polars does not know. It cannot write them either: files get theirs by an exchange of six letters."""

import base64
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from helpers.profiling import input_of
from helpers.recording_run import RecordingRun
from processor.reading import ReadOptions, read

MOMENTS = [datetime(2024, 1, 1, hour, 30, tzinfo=UTC) for hour in range(3)]
FRAME = pl.DataFrame({"t": MOMENTS, "l": [MOMENTS, [], None]}).cast(
    {"t": pl.Datetime("us", "Israel"), "l": pl.List(pl.Datetime("us", "Israel"))}
)


def exchanged(content: bytes) -> bytes:
    return content.replace(b"Israel", b"+05:30")


def parquet() -> bytes:
    out = io.BytesIO()
    FRAME.write_parquet(out)
    # The zone stands in Arrow's schema, which stands in the footer as base64.
    return re.sub(
        rb"[A-Za-z0-9+/]{64,}={0,2}",
        lambda found: base64.b64encode(exchanged(base64.b64decode(found[0]))),
        out.getvalue(),
    )


def arrow() -> bytes:
    out = io.BytesIO()
    FRAME.write_ipc(out)
    return exchanged(out.getvalue())


def arrow_stream() -> bytes:
    out = io.BytesIO()
    FRAME.write_ipc_stream(out)
    return exchanged(out.getvalue())


@pytest.mark.parametrize("content", [parquet, arrow, arrow_stream])
def test_an_offset_of_half_an_hour_is_read_as_the_same_instants_in_utc(
    tmp_path: Path, content: Callable[[], bytes]
) -> None:
    path = tmp_path / "input"
    path.write_bytes(content())
    run = RecordingRun(tmp_path)

    frame = read(run, input_of(path), ReadOptions(), lambda table: table.frame.collect())

    assert frame.schema == {"t": pl.Datetime("us", "UTC"), "l": pl.List(pl.Datetime("us", "UTC"))}
    assert frame.rows() == [(MOMENTS[0], MOMENTS), (MOMENTS[1], []), (MOMENTS[2], None)]
    assert [message for code, message in run.warnings if code == "time_zones"] == [
        f"Column '{name}' has a time zone of no known name; the same instants are in UTC." for name in ("t", "l")
    ]


def test_a_zone_of_the_database_stays(tmp_path: Path) -> None:
    path = tmp_path / "input"
    FRAME.write_parquet(path)
    run = RecordingRun(tmp_path)

    assert read(run, input_of(path), ReadOptions(), lambda table: table.frame.collect()).schema == FRAME.schema
    assert run.warnings == []
