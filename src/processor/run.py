"""What an analysis may do to the world outside: tell its progress, log, give partial results and keep files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Protocol

LogLevel = Literal["debug", "info", "warning", "error"]


class Run(Protocol):
    """One run of one task, as its analysis sees it. Every method may be called from any thread and returns at once.

    Attributes:
        scratch: an empty folder of its own, removed afterwards; the only place where an analysis may write.
        memory_mb: how much resident memory the whole child may use before it is ended.
        low_memory: True when an earlier attempt ran out of memory: prefer slow and small.
    """

    scratch: Path
    memory_mb: int
    low_memory: bool

    def phase(self, name: str) -> None:
        """Start a named phase; it ends the one before and is timed. Unmeasured until `progress` gives numbers."""

    def progress(
        self,
        *,
        rows: int | None = None,
        rows_total: int | None = None,
        bytes_read: int | None = None,
        fraction: float | None = None,
    ) -> None:
        """Tell how far the present phase is.

        Args:
            rows: rows seen so far in this phase.
            rows_total: rows there are, known or estimated.
            bytes_read: bytes read so far.
            fraction: of the whole run, 0..1; never shown to go back. None: derived from rows, if it can be.
        """

    def log(self, level: LogLevel, message: str) -> None:
        """Add a line to the task's feed. Never put data of the input into it."""

    def warn(self, code: str, message: str) -> None:
        """Record a decision or a flaw that the result must list in `warnings`."""

    def partial(self, result: Mapping[str, object], *, estimate: bool) -> None:
        """Push a first or better partial result to the watchers, in the shape of the result's `data`."""

    def artifact(self, name: str, path: Path, *, media_type: str) -> None:
        """Keep a file of `scratch` as an artifact of the task under `name` (one path segment)."""
