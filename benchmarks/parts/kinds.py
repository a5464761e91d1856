"""The kinds of the benchmarks, installed only where their children run."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict

from processor.analyses.part_run import PartRun
from processor.analyses.profile import KIND as PROFILE
from processor.analyses.profile.params import ProfileParams
from processor.kind import Input, Kind, Outcome
from processor.run import Run

Inputs = Mapping[str, Input]
DONE = Outcome(summary={}, data={})
PLAIN = ("noop", "story", "silent", "reporting", "clock")
# The same profile, told in three ways: all of it, progress alone, nothing.
TELLING = ("profile", "profile_progress", "profile_silent")
NAMES = (*PLAIN, *TELLING[1:])


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


class WithoutPartials(PartRun):
    """A run whose partial results end here."""

    def partial(self, result: Mapping[str, object], *, estimate: bool) -> None:
        """Drop it."""


class Silent(WithoutPartials):
    """A run whose progress ends here, too."""

    def progress(
        self,
        *,
        rows: int | None = None,
        rows_total: int | None = None,
        bytes_read: int | None = None,
        fraction: float | None = None,
    ) -> None:
        """Drop it."""


def profile_progress(run: Run, inputs: Inputs, params: ProfileParams) -> Outcome:
    return _told(WithoutPartials, run, inputs, params)


def profile_silent(run: Run, inputs: Inputs, params: ProfileParams) -> Outcome:
    return _told(Silent, run, inputs, params)


def _told(way: type[PartRun], run: Run, inputs: Inputs, params: ProfileParams) -> Outcome:
    muted = way(run, scratch=run.scratch, label="")
    return PROFILE.analyse(muted, inputs, params.model_copy(update={"running": False}))


def kind(name: str) -> Kind[Any]:
    if name in TELLING:
        return replace(PROFILE, name=name, analyse={"profile_progress": profile_progress}.get(name, profile_silent))
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
