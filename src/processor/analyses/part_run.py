"""The run of one input among several: its own folder to write in, its name before each warning, none told twice."""

from collections.abc import Mapping
from pathlib import Path

from processor.run import LogLevel, Run


class PartRun:
    """Implements `processor.run.Run` for the reading of one input.

    Args:
        run: the run of the task.
        scratch: a folder for this input alone, within the run's.
        label: what stands before its warnings; empty where there is one input only.
    """

    def __init__(self, run: Run, *, scratch: Path, label: str) -> None:
        self.scratch = scratch
        self.memory_mb = run.memory_mb
        self.low_memory = run.low_memory
        self._run = run
        self._label = label
        self._told: set[tuple[str, str]] = set()

    def phase(self, name: str) -> None:
        """Pass it on."""
        self._run.phase(name)

    def progress(
        self,
        *,
        rows: int | None = None,
        rows_total: int | None = None,
        bytes_read: int | None = None,
        fraction: float | None = None,
    ) -> None:
        """Pass it on."""
        self._run.progress(rows=rows, rows_total=rows_total, bytes_read=bytes_read, fraction=fraction)

    def log(self, level: LogLevel, message: str) -> None:
        """Pass it on under the input's name."""
        self._run.log(level, f"{self._label}{message}")

    def warn(self, code: str, message: str) -> None:
        """Pass it on under the input's name; an input that is opened again says nothing twice."""
        if (code, message) not in self._told:
            self._told.add((code, message))
            self._run.warn(code, f"{self._label}{message}")

    def partial(self, result: Mapping[str, object], *, estimate: bool) -> None:
        """Pass it on."""
        self._run.partial(result, estimate=estimate)

    def artifact(self, name: str, path: Path, *, media_type: str) -> None:
        """Pass it on."""
        self._run.artifact(name, path, media_type=media_type)
