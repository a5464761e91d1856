"""A progress bar for a terminal; plain lines, and few of them, for everything else."""

import shutil
from typing import TextIO

from sundog.client import JsonObject

FULL, EMPTY = "━", "─"
PLAIN_STEP = 0.1


class ProgressBar:
    """Shows the progress of one task.

    On a terminal one line is drawn again and again. Elsewhere (a pipe, a log) a line is written when the phase changes
    and for each tenth of the way.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._shown = False
        self._last: tuple[str, int] = ("", -1)

    def show(self, progress: JsonObject) -> None:
        """Show the present progress."""
        if self._live:
            self._stream.write(f"\r\x1b[2K{self._line(progress)}")
            self._stream.flush()
            self._shown = True
            return
        step = (str(progress.get("phase")), int((progress.get("fraction") or 0) / PLAIN_STEP))
        if step != self._last:
            self._last = step
            self._stream.write(f"  {describe(progress)}\n")
            self._stream.flush()

    def clear(self) -> None:
        """Make room for another line; `show` draws the bar again below it."""
        if self._shown:
            self._stream.write("\r\x1b[2K")
            self._stream.flush()
            self._shown = False

    def _line(self, progress: JsonObject) -> str:
        words = describe(progress)
        width = max(10, min(40, shutil.get_terminal_size().columns - len(words) - 5))
        filled = round(width * (progress.get("fraction") or 0))
        return f"  {FULL * filled}{EMPTY * (width - filled)} {words}"


def describe(progress: JsonObject) -> str:
    """Progress in words: `62 %  scan  208,000 rows  3.1 M rows/s  0.4 s left`."""
    words = [f"{progress['fraction']:4.0%}" if progress.get("fraction") is not None else "   …"]
    words.append(str(progress.get("phase") or ""))
    if progress.get("rows"):
        words.append(f"{progress['rows']:,} rows")
    if progress.get("rate"):
        words.append(f"{progress['rate'] / 1e6:.1f} M rows/s")
    if progress.get("eta_s") is not None:
        words.append(f"{progress['eta_s']:.1f} s left")
    return "  ".join(words)
