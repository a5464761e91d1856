"""Tables of very many columns: what is done for each column must not look at all of them."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from helpers.profiling import input_of
from helpers.recording_run import RecordingRun
from processor.reading import ReadOptions, read
from processor.reading.merging import aligned
from processor.reading.schema import infer


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


def questions_about(times: int) -> int:
    """How many questions the types of these columns take, each there several times."""
    kinds: dict[str, tuple[list[str | None], pl.DataType]] = {
        "whole": (["1", "2", None], pl.Int64()),
        "decimal": (["1.5", "2", ""], pl.Float64()),
        "comma": (["1,5", "1.234,5", "2"], pl.String()),
        "word": (["1", "NA", "2"], pl.String()),
        "text": (["a", "b", ""], pl.String()),
        "day": (["2024-01-01", "2024-01-02", None], pl.Date()),
        "moment": (["2024-01-01 01:02:03 UTC", "2024-01-02 01:02:03 +0100", ""], pl.Datetime("us", "UTC")),
    }
    names = {f"{name}{number}": kind for name, kind in kinds.items() for number in range(times)}
    frame = pl.DataFrame({name: values for name, (values, _) in names.items()})
    asked = 0
    select = pl.DataFrame.select

    def counting(frame: pl.DataFrame, *exprs: Any, **named: Any) -> pl.DataFrame:
        nonlocal asked
        asked += 1
        return select(frame, *exprs, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pl.DataFrame, "select", counting)  # what is asked of single columns goes through it, too
        infer(frame, {name: guess for name, (_, guess) in names.items()})
    return asked


def test_types_of_many_columns_take_as_many_questions_as_those_of_few() -> None:
    assert 20 < questions_about(1) == questions_about(40)


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
