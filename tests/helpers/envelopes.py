"""Envelopes of results for tests: what a child builds around what an analysis found."""

from pathlib import Path
from typing import Any

from helpers.profiling import profile_file

SHA = "0" * 64


def envelope_of(path: Path, **params: object) -> dict[str, Any]:
    """The envelope of a file's profile."""
    found = profile_file(path, **params)
    return {
        "kind": "profile",
        "version": "1",
        "engine": {"polars": "0"},
        "inputs": {"data": {"filename": path.name, "sha256": SHA, "bytes": path.stat().st_size, "rows": found.rows}},
        "timings": {"scan": 0.5},
        "warnings": [{"code": code, "message": message} for code, message in found.run.warnings],
        "summary": dict(found.outcome.summary),
        "data": dict(found.outcome.data),
        "artifacts": [],
    }
