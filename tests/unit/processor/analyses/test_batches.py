"""Batches of a table: all of them, or an error; a kind that says something of rows that it did not see is worthless."""

import sys
import threading
from pathlib import Path
from traceback import walk_stack

import anyio
import polars as pl
import pytest
from polars.exceptions import PanicException

from helpers.checking import validate
from helpers.eventually import eventually
from helpers.recording_run import RecordingRun
from processor.analyses.batches import RowsMissingError, batches, check_complete
from processor.analyses.profile.scan import count_all
from processor.analyses.shards import sharded
from processor.analyses.validate.facts import gather
from processor.analyses.validate.scan import check_all
from processor.reading import Table
from processor.reading.rows_sample import of_head

ROWS = 300_000
# A time so far away that Polars panics when it writes it as a text; it comes late in the table.
FAR = pl.DataFrame(
    {
        "time": pl.Series([0] * (ROWS - 10) + [10**17] * 10, dtype=pl.Datetime("ms")),
        "number": pl.Series([1] * (ROWS - 1) + [None], dtype=pl.Int64),
    }
)


def panicking() -> pl.LazyFrame:
    return FAR.lazy().select(pl.col("time").cast(pl.String), "number")


def table(frame: pl.LazyFrame, *, rows: int | None = None) -> Table:
    head = pl.DataFrame(schema=frame.collect_schema())
    return Table(
        format="parquet",
        head=head,
        rows=rows,
        rows_estimate=None,
        bytes=1,
        open=lambda: frame,
        draw=lambda: of_head(head, whole=False),
    )


async def engine_waits() -> bool:
    """Whether a thread waits for room to put a batch."""
    stacks = [{frame.f_code.co_name for frame, _ in walk_stack(top)} for top in sys._current_frames().values()]
    return any({"_put", "wait"} <= names for names in stacks)


@pytest.mark.parametrize("in_order", [True, False])
def test_a_panic_of_polars_is_raised(*, in_order: bool) -> None:
    with pytest.raises(PanicException):
        list(batches(panicking(), rows=1000, in_order=in_order))


def test_an_error_of_polars_is_raised() -> None:
    frame = pl.LazyFrame({"a": ["1", "x"]}).select(pl.col("a").cast(pl.Int64))
    with pytest.raises(pl.exceptions.InvalidOperationError):
        list(batches(frame))


def test_all_rows_come_in_their_order() -> None:
    pieces = list(batches(pl.LazyFrame({"a": range(100_000)}), rows=1000))
    assert len(pieces) > 50
    assert pl.concat(pieces)["a"].to_list() == list(range(100_000))


def test_who_stops_early_leaves_no_thread_behind() -> None:
    rows = batches(pl.LazyFrame({"a": range(1_000_000)}), rows=1000)
    next(rows)
    anyio.run(eventually, engine_waits)
    assert "batches" in {thread.name for thread in threading.enumerate()}
    del rows
    assert "batches" not in {thread.name for thread in threading.enumerate()}


def test_a_pass_that_saw_fewer_rows_than_the_file_has_is_an_error(tmp_path: Path) -> None:
    run, cut = RecordingRun(tmp_path), table(pl.LazyFrame({"a": [1, 2]}), rows=3)
    with pytest.raises(RowsMissingError):
        gather(cut, lambda _: None)
    with pytest.raises(RowsMissingError):
        check_all(run, cut, [])
    with pytest.raises(RowsMissingError):
        count_all(run, cut, ["a"], duplicates=False, look=lambda _: None)
    check_complete(table(pl.LazyFrame({"a": [1, 2]})), 5)  # nobody knows how many there are


def test_a_profile_does_not_end_well_on_a_panic(tmp_path: Path) -> None:
    with pytest.raises(PanicException):
        count_all(RecordingRun(tmp_path), table(panicking()), ["time", "number"], duplicates=False, look=lambda _: None)


@pytest.mark.parametrize("rows", [10, ROWS])
def test_rules_do_not_pass_on_a_panic(tmp_path: Path, rows: int) -> None:
    panics = {"rule": "expression", "expression": "CAST(time AS TEXT) <> 'never'"}
    result = validate(tmp_path, FAR.tail(rows), panics, {"rule": "not_null", "column": "number"}, {"rule": "row_count"})
    assert result.data["verdict"] == "error"
    assert result.data["rows"] == rows
    assert [rule["status"] for rule in result.rules] == ["error", "failed", "passed"]


def test_a_table_is_not_cut_short_by_a_panic(tmp_path: Path) -> None:
    # What `compare` and the rules about keys do where a table is larger than memory.
    with pytest.raises(PanicException):
        sharded(panicking(), [pl.col("number")], count=2, folder=tmp_path / "shards")
