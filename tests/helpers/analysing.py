"""Runs an analysis in a test, in this process, and gives back all that it told."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from helpers.recording_run import RecordingRun
from helpers.result_checks import hold_to_schema
from processor.kind import Input, Kind, Outcome


@dataclass(frozen=True)
class Analysed:
    """An outcome with the run that it came from."""

    outcome: Outcome
    run: RecordingRun

    @property
    def data(self) -> dict[str, Any]:
        """The result's data through JSON and back: what a client gets."""
        found: dict[str, Any] = json.loads(json.dumps(self.outcome.data, allow_nan=False))
        return found

    def file(self, name: str) -> Path:
        """An artifact."""
        return self.run.artifacts[name][0]


def analysed(kind: Kind[Any], inputs: Mapping[str, Path], scratch: Path, **params: object) -> Analysed:
    """Run `kind` on files."""
    scratch.mkdir(exist_ok=True)
    run = RecordingRun(scratch)
    given = {name: _input(name, path) for name, path in inputs.items()}
    return Analysed(hold_to_schema(kind, kind.analyse(run, given, kind.params(**params)), run), run)


def _input(name: str, path: Path) -> Input:
    content = path.read_bytes()
    return Input(name=name, filename=path.name, path=path, sha256=sha256(content).hexdigest(), bytes=len(content))
