"""A real `Run` for tests: it keeps what an analysis tells, in order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from processor.run import LogLevel


@dataclass
class RecordingRun:
    """Keeps phases, progress, log lines, warnings, partial results and artifacts."""

    scratch: Path
    memory_mb: int = 1024
    low_memory: bool = False
    phases: list[str] = field(default_factory=list)
    progressed: list[dict[str, float | None]] = field(default_factory=list)
    lines: list[tuple[LogLevel, str]] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)
    partials: list[tuple[Mapping[str, object], bool]] = field(default_factory=list)
    artifacts: dict[str, tuple[Path, str]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def phase(self, name: str) -> None:
        self.phases.append(name)

    def progress(
        self,
        *,
        rows: int | None = None,
        rows_total: int | None = None,
        bytes_read: int | None = None,
        fraction: float | None = None,
    ) -> None:
        told = {"rows": rows, "rows_total": rows_total, "bytes_read": bytes_read, "fraction": fraction}
        with self._lock:
            self.progressed.append(told)

    def log(self, level: LogLevel, message: str) -> None:
        self.lines.append((level, message))

    def warn(self, code: str, message: str) -> None:
        self.warnings.append((code, message))

    def partial(self, result: Mapping[str, object], *, estimate: bool) -> None:
        self.partials.append((result, estimate))

    def artifact(self, name: str, path: Path, *, media_type: str) -> None:
        self.artifacts[name] = (path, media_type)

    @property
    def codes(self) -> set[str]:
        """The codes of all warnings."""
        return {code for code, _ in self.warnings}
