"""A kind that tells all that a kind can tell and then stays half done: a test can look at a run in its middle."""

from collections.abc import Mapping
from time import monotonic, sleep

from pydantic import BaseModel, ConfigDict, Field

from processor.kind import Input, Kind, Outcome
from processor.run import Run

ROWS = 1_000_000
SAMPLE_ROWS = 20_000
PAUSE_S = 0.2
COLUMN = {
    "name": "delay",
    "dtype": "Int64",
    "type": "number",
    "count": ROWS,
    "nulls": 0,
    "distinct": {"value": 12, "exact": False, "method": "sample", "error": 0.1},
    "min": 0,
    "max": 11,
    "mean": 5.5,
    "histogram": {"edges": [0, 4, 8, 12], "counts": [1, 3, 2]},
}


class Params(BaseModel):
    """How long it takes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: float = Field(default=120, ge=0, le=600, description="How long it stays half done.")


def analyse(run: Run, inputs: Mapping[str, Input], params: Params) -> Outcome:
    """Tell a phase, a log line, an estimate and a half, then wait."""
    data = {"rows": ROWS, "columns": [COLUMN]}
    run.phase("dawdle")
    run.log("warning", "there is no hurry")
    run.partial({**data, "sample_rows": SAMPLE_ROWS}, estimate=True)
    end = monotonic() + params.seconds
    while monotonic() < end:
        run.progress(rows=ROWS // 2, rows_total=ROWS, bytes_read=1024, fraction=0.5)
        sleep(PAUSE_S)
    return Outcome(summary={"rows": ROWS}, data=data, rows=dict.fromkeys(inputs, ROWS))


KIND = Kind(
    name="unhurried",
    version="1",
    title="Take your time",
    summary="Stays half done for as long as it is told.",
    params=Params,
    inputs={"data": "anything"},
    example={"seconds": 120},
    analyse=analyse,
)
