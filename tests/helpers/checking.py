"""Runs a kind over files in a test, in this process, and gives back all that it told."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from helpers.recording_run import RecordingRun
from helpers.result_checks import hold_to_schema
from processor.analyses.compare import KIND as COMPARE
from processor.analyses.validate import KIND as VALIDATE
from processor.kind import Input, Kind, Outcome


@dataclass(frozen=True)
class Checked:
    """An outcome with the run that it came from."""

    outcome: Outcome
    run: RecordingRun

    @property
    def data(self) -> dict[str, Any]:
        """The result's data through JSON and back: what a client gets."""
        data: dict[str, Any] = json.loads(json.dumps(self.outcome.data, allow_nan=False))
        return data

    @property
    def rules(self) -> list[dict[str, Any]]:
        """The rules of a validation."""
        rules: list[dict[str, Any]] = self.data["rules"]
        return rules

    def artifact(self, name: str) -> Path:
        """The file of an artifact."""
        return self.run.artifacts[name][0]


def as_input(name: str, path: Path) -> Input:
    """The file as an input."""
    content = path.read_bytes()
    return Input(name=name, filename=path.name, path=path, sha256=sha256(content).hexdigest(), bytes=len(content))


def stored(folder: Path, name: str, data: pl.DataFrame | bytes) -> Path:
    """A frame as Parquet, or bytes as they are."""
    path = folder / name
    if isinstance(data, bytes):
        path.write_bytes(data)
    else:
        data.write_parquet(path)
    return path


def run_kind(
    kind: Kind[Any], folder: Path, files: Mapping[str, Path], *, memory_mb: int = 1024, **params: Any
) -> Checked:
    """Run `kind` over files by the names of its inputs; scratch is a new folder inside of `folder`."""
    scratch = folder / f"scratch{len(list(folder.glob('scratch*')))}"
    scratch.mkdir()
    run = RecordingRun(scratch, memory_mb=memory_mb)
    inputs = {name: as_input(name, path) for name, path in files.items()}
    outcome = kind.analyse(run, inputs, kind.params.model_validate(params))
    return Checked(hold_to_schema(kind, outcome, run), run)


def validate(folder: Path, data: pl.DataFrame | bytes, *rules: Any, reference: Any = None, **params: Any) -> Checked:
    """Check `data` against rules."""
    files = {"data": stored(folder, "data", data)}
    if reference is not None:
        files["reference"] = stored(folder, "reference", reference)
    return run_kind(VALIDATE, folder, files, rules=list(rules), **params)


def compare(
    folder: Path, left: pl.DataFrame | bytes, right: pl.DataFrame | bytes, *, memory_mb: int = 1024, **params: Any
) -> Checked:
    """Compare two tables."""
    files = {"left": stored(folder, "left", left), "right": stored(folder, "right", right)}
    return run_kind(COMPARE, folder, files, memory_mb=memory_mb, **params)
