"""Tables of very many columns: what is done for each column must not look at all of them."""

import json
from pathlib import Path

import polars as pl

from helpers.profiling import input_of
from helpers.recording_run import RecordingRun
from processor.reading import ReadOptions, read
from processor.reading.merging import aligned


class CountingFrame(pl.DataFrame):
    """Counts how often it is asked for the names of all its columns."""

    asked = 0

    @property  # type: ignore[misc]  # nobody sets them here
    def columns(self) -> list[str]:
        CountingFrame.asked += 1
        return super().columns


def test_a_frame_is_not_asked_for_its_names_once_a_column() -> None:
    frame = CountingFrame({f"c{number}": [number] for number in range(100)})

    found = aligned(frame, {**frame.schema, "more": pl.Int64()})

    assert found.width == 101
    assert CountingFrame.asked <= 2


def test_columns_of_texts_and_other_values_are_told_among_many(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(50)]
    rows = [dict.fromkeys(names, "1st"), {**dict.fromkeys(names, "2nd"), "c7": 7, "c9": {"a": 1}}]
    path = tmp_path / "input"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    run = RecordingRun(tmp_path)

    frame = read(run, input_of(path), ReadOptions(), lambda table: table.frame.collect())

    assert frame["c7"].to_list() == ["1st", "7"]
    assert run.warnings == [
        ("types", f"Column '{name}' holds values of several types; read as text.") for name in ("c7", "c9")
    ]
