"""The kinds of the benchmarks, installed only where their children run."""

import time
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from processor.kind import Input, Kind, Outcome
from processor.run import Run

Inputs = Mapping[str, Input]
DONE = Outcome(summary={}, data={})
NAMES = ("noop", "story", "silent", "reporting", "clock")


class Params(BaseModel):
    """What they may be told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: float = 0.0


def noop(_run: Run, _inputs: Inputs, _params: Params) -> Outcome:
    return DONE


def story(run: Run, _inputs: Inputs, _params: Params) -> Outcome:
    """A phase with a report, a line of log and a partial result: two more events in the feed."""
    run.phase("count")
    run.progress(rows=1, rows_total=2)
    run.log("info", "half of it is done")
    run.partial({"rows": 1}, estimate=True)
    return DONE


def silent(_run: Run, _inputs: Inputs, params: Params) -> Outcome:
    """Run so long and say nothing."""
    time.sleep(params.seconds)
    return DONE


def reporting(run: Run, _inputs: Inputs, params: Params) -> Outcome:
    """Run so long and report far more often than ten times a second, as an analysis does."""
    run.phase("scan")
    ends = time.monotonic() + params.seconds
    rows = 0
    while time.monotonic() < ends:
        time.sleep(0.01)
        rows += 1
        run.progress(rows=rows, rows_total=1_000_000)
    return DONE


def clock(_run: Run, _inputs: Inputs, _params: Params) -> Outcome:
    """Tell when this began: nanoseconds of the clock that all processes of a machine share."""
    return Outcome(summary={}, data={"begun_ns": time.monotonic_ns()})


def kind(name: str) -> Kind[Any]:
    return Kind(
        name=name,
        version="1",
        title=name,
        summary="For benchmarks.",
        params=Params,
        inputs={},
        example={},
        analyse={"noop": noop, "story": story, "silent": silent, "reporting": reporting, "clock": clock}[name],
    )


def __getattr__(name: str) -> Kind[Any]:
    """`kinds:kind_noop` is the kind `noop`, for the entry points."""
    word = name.removeprefix("kind_")
    if not name.startswith("kind_") or word not in NAMES:
        raise AttributeError(name)
    return kind(word)
