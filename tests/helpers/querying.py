"""Queries files in a test, in this process, and gives back all that the analysis told."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from helpers.recording_run import RecordingRun
from helpers.result_checks import hold_to_schema
from processor.analyses.query import KIND
from processor.kind import Input, Outcome


@dataclass(frozen=True)
class Queried:
    """An outcome with the run that it came from."""

    outcome: Outcome
    run: RecordingRun

    @property
    def data(self) -> dict[str, Any]:
        """The result's data through JSON and back: what a client gets."""
        return dict(json.loads(json.dumps(self.outcome.data, allow_nan=False)))

    @property
    def preview(self) -> list[list[Any]]:
        return list(self.data["preview"])

    @property
    def artifact(self) -> Path:
        (path, _media_type), *others = self.run.artifacts.values()
        assert not others
        return path

    def frame(self) -> pl.DataFrame:
        """The whole answer; of a Parquet artifact."""
        return pl.read_parquet(self.artifact, glob=False)


def query(folder: Path, inputs: Mapping[str, Path], sql: str, **params: Any) -> Queried:
    """Query files; `folder` is where scratch is made."""
    scratch = folder / "scratch"
    scratch.mkdir()
    run = RecordingRun(scratch)
    given = {name: input_of(name, path) for name, path in inputs.items()}
    outcome = KIND.analyse(run, given, KIND.params.model_validate({"sql": sql, **params}))
    return Queried(outcome=hold_to_schema(KIND, outcome, run), run=run)


def input_of(name: str, path: Path) -> Input:
    content = path.read_bytes()
    return Input(name=name, filename=path.name, path=path, sha256=sha256(content).hexdigest(), bytes=len(content))
