"""The `Run` of an analysis in its child: turns what the analysis tells into messages to the supervisor.

Of the reports of progress only some are sent. One that came too soon after another is kept until the next one replaces
it, and sent at the latest when its phase ends, so that the last word of a phase is always told.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from processor.protocol import LINE_CHARS
from processor.run import LogLevel

REPORTS_PER_S = 10
Send = Callable[[Mapping[str, object]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Report:
    at: float
    rows: int | None
    rows_total: int | None
    bytes_read: int | None
    fraction: float | None

    def message(self, *, phase_began: float) -> dict[str, object]:
        """What a supervisor is told, but for the phase; numbers that could not be measured are left out."""
        elapsed = max(self.at - phase_began, 1e-6)
        numbers: dict[str, float | None] = {
            "rows": self.rows,
            "rows_total": self.rows_total,
            "bytes": self.bytes_read,
            "rate": round(self.rows / elapsed) if self.rows is not None else None,
        }
        if self.fraction and self.fraction > 0:
            numbers["eta_s"] = round(elapsed * max(1 - self.fraction, 0) / self.fraction, 1)
        return {key: value for key, value in numbers.items() if value is not None}


class ChildRun:
    """Implements `processor.run.Run`; safe to call from Polars' threads.

    Args:
        send: puts one message on the pipe to the supervisor.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        *,
        send: Send,
        scratch: Path,
        memory_mb: int,
        low_memory: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.scratch = scratch
        self.memory_mb = memory_mb
        self.low_memory = low_memory
        self.warnings: list[Mapping[str, str]] = []
        self.artifacts: list[Mapping[str, object]] = []
        self.timings: dict[str, float] = {}
        self._send = send
        self._clock = clock
        self._lock = threading.Lock()
        self._telling = threading.RLock()  # held while a message is made and sent, so that none overtakes another
        self._phase = ""
        self._phase_began = clock()
        self._waiting: _Report | None = None
        self._told_at = float("-inf")
        self._fraction = 0.0

    def phase(self, name: str) -> None:
        """End the present phase and start another; told at once, and so is the first report after it."""
        with self._telling:
            self._end_phase()
            self._phase = name
            self._send({"type": "progress", "phase": name, "fraction": None})

    def end(self) -> None:
        """End the last phase."""
        with self._telling:
            self._end_phase()
            self._phase = ""

    def _end_phase(self) -> None:
        self._tell_waiting()
        now = self._clock()
        if self._phase:
            self.timings[self._phase] = round(self.timings.get(self._phase, 0.0) + now - self._phase_began, 4)
        self._phase_began = now
        self._told_at = float("-inf")

    def progress(
        self,
        *,
        rows: int | None = None,
        rows_total: int | None = None,
        bytes_read: int | None = None,
        fraction: float | None = None,
    ) -> None:
        """Tell the present state, at most `REPORTS_PER_S` times a second; the others cost a look at the clock.

        It never waits: where another thread is telling something, that or the next one tells it.
        """
        now = self._clock()
        if fraction is None and rows is not None and rows_total:
            fraction = rows / rows_total
        report = _Report(at=now, rows=rows, rows_total=rows_total, bytes_read=bytes_read, fraction=fraction)
        with self._lock:
            self._waiting = report
        if now - self._told_at >= 1 / REPORTS_PER_S and self._telling.acquire(blocking=False):
            try:
                self._told_at = now
                self._tell_waiting()
            finally:
                self._telling.release()

    def _tell_waiting(self) -> None:
        with self._lock:
            report, self._waiting = self._waiting, None
        if report is None:
            return
        told = {"type": "progress", "phase": self._phase, "fraction": self._shown_fraction(report.fraction)}
        self._send(told | report.message(phase_began=self._phase_began))

    def _shown_fraction(self, fraction: float | None) -> float | None:
        """What a watcher sees: never less than before, never above one; None while nothing can be measured."""
        if fraction is None:
            return None
        self._fraction = min(max(fraction, self._fraction), 1.0)
        return round(self._fraction, 4)

    def log(self, level: LogLevel, message: str) -> None:
        """Send a line for the feed."""
        self._send({"type": "log", "level": level, "message": message[:LINE_CHARS]})

    def warn(self, code: str, message: str) -> None:
        """List it in the result, and tell it at once."""
        with self._lock:
            self.warnings.append({"code": code, "message": message})
        self._send({"type": "log", "level": "warning", "message": message[:LINE_CHARS]})

    def partial(self, result: Mapping[str, object], *, estimate: bool) -> None:
        """Send a partial result."""
        self._send({"type": "partial", "estimate": estimate, "result": dict(result)})

    def artifact(self, name: str, path: Path, *, media_type: str) -> None:
        """Note a file to keep.

        Raises:
            ValueError: the name is no single path segment, or the file does not lie in scratch.
        """
        if not name or name in {".", ".."} or "/" in name or "\0" in name:
            raise ValueError("an artifact's name is one path segment")
        inside = path.resolve().relative_to(self.scratch.resolve())
        size = path.lstat().st_size
        with self._lock:
            self.artifacts.append({"name": name, "bytes": size, "media_type": media_type, "file": str(inside)})
