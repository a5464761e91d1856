"""Profiles files in a test, in this process, and gives back all that the analysis told."""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from helpers.recording_run import RecordingRun
from helpers.result_checks import hold_to_schema
from processor.analyses.profile import KIND
from processor.kind import Input, Outcome


@dataclass(frozen=True)
class Profiled:
    """An outcome with the run that it came from."""

    outcome: Outcome
    run: RecordingRun

    @property
    def rows(self) -> int:
        return self.outcome.rows["data"]

    @property
    def columns(self) -> dict[str, dict[str, Any]]:
        """The result's columns by name."""
        return {column["name"]: column for column in self.data["columns"]}

    @property
    def data(self) -> dict[str, Any]:
        """The result through JSON and back: what a client gets."""
        data: dict[str, Any] = json.loads(json.dumps(self.outcome.data, allow_nan=False))
        return data


def input_of(path: Path) -> Input:
    """The file as an input named `data`."""
    content = path.read_bytes()
    digest = sha256(content).hexdigest()
    return Input(name="data", filename=path.name, path=path, sha256=digest, bytes=len(content))


def profile_file(path: Path, **params: object) -> Profiled:
    """Profile `path`; scratch is a folder beside it."""
    scratch = path.parent / f"{path.name}.scratch"
    scratch.mkdir(exist_ok=True)
    run = RecordingRun(scratch)
    outcome = KIND.analyse(run, {"data": input_of(path)}, KIND.params(**params))
    return Profiled(hold_to_schema(KIND, outcome, run), run)


def profile_bytes(folder: Path, content: bytes, **params: object) -> Profiled:
    """Profile a file with this content."""
    path = folder / "input"
    path.write_bytes(content)
    return profile_file(path, **params)
