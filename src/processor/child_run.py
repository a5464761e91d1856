"""The `Run` of an analysis in its child: turns what the analysis tells into messages to the supervisor."""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from processor.run import LogLevel

REPORTS_PER_S = 10
Send = Callable[[Mapping[str, object]], None]


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
        self._phase = ""
        self._phase_began = clock()
        self._reported_at = float("-inf")
        self._fraction = 0.0

    def phase(self, name: str) -> None:
        """End the present phase and start another; told at once."""
        with self._lock:
            self._close_phase()
            self._phase = name
            self._reported_at = self._clock()
        self._send({"type": "progress", "phase": name, "fraction": self._shown_fraction(None)})

    def end(self) -> None:
        """End the last phase."""
        with self._lock:
            self._close_phase()

    def _close_phase(self) -> None:
        now = self._clock()
        if self._phase:
            self.timings[self._phase] = round(self.timings.get(self._phase, 0.0) + now - self._phase_began, 4)
        self._phase_began = now

    def progress(
        self,
        *,
        rows: int | None = None,
        rows_total: int | None = None,
        bytes_read: int | None = None,
        fraction: float | None = None,
    ) -> None:
        """Tell the present state, at most `REPORTS_PER_S` times a second; the others cost a look at the clock."""
        now = self._clock()
        with self._lock:
            if now - self._reported_at < 1 / REPORTS_PER_S:
                return
            self._reported_at = now
            elapsed = max(now - self._phase_began, 1e-6)
        if fraction is None and rows is not None and rows_total:
            fraction = rows / rows_total
        message: dict[str, object] = {
            "type": "progress",
            "phase": self._phase,
            "fraction": self._shown_fraction(fraction),
            "rows": rows,
            "rows_total": rows_total,
            "bytes": bytes_read,
            "rate": round(rows / elapsed) if rows is not None else None,
        }
        if fraction and fraction > 0:
            message["eta_s"] = round(elapsed * max(1 - fraction, 0) / fraction, 1)
        self._send({key: value for key, value in message.items() if value is not None or key == "fraction"})

    def _shown_fraction(self, fraction: float | None) -> float | None:
        """What a watcher sees: never less than before, never above one; None while nothing can be measured."""
        with self._lock:
            if fraction is None:
                return None
            self._fraction = min(max(fraction, self._fraction), 1.0)
            return round(self._fraction, 4)

    def log(self, level: LogLevel, message: str) -> None:
        """Send a line for the feed."""
        self._send({"type": "log", "level": level, "message": message})

    def warn(self, code: str, message: str) -> None:
        """List it in the result, and tell it at once."""
        with self._lock:
            self.warnings.append({"code": code, "message": message})
        self._send({"type": "log", "level": "warning", "message": message})

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
