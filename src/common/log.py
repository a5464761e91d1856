"""Structured logs with one set of keys in both services.

A record is a short text and fixed keys: `log.info("task claimed", extra={"task": id, "attempt": 2})`. Keys in use:
service, task, attempt, lease, kind, processor, request, tenant, code, seconds, count, walls, error, printed.
Everything else belongs into the text of an exception. Keys that stand where none belong, such as in a path, are blanked
in whole lines.
"""

import json
import logging
import sys
import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, Literal

from common.line_writer import LineWriter
from common.tokens import without_tokens

KEYS = (
    "service", "task", "attempt", "lease", "kind", "processor", "request", "tenant", "method", "path", "status",
    "code", "outcome", "phase", "pid", "seconds", "count", "bytes", "walls", "error",
    "printed",
)  # fmt: skip

ENCODER: Final = json.JSONEncoder(default=str)


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def __init__(self, *, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON: at, level, service, logger, text, the known keys, and the exception if there is one."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self._service,
            "logger": record.name,
            "text": record.getMessage(),
        }
        line.update(known_keys(record))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return without_tokens(ENCODER.encode(line))


class TextFormatter(logging.Formatter):
    """A line for a person."""

    def __init__(self, *, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """`12:00:00.123 gateway info text key=value`."""
        at = f"{_time_of_day(int(record.created))}.{int(record.msecs):03}"
        keys = "".join([f" {key}={value}" for key, value in known_keys(record).items()])
        line = f"{at} {self._service:<9} {record.levelname.lower():<7} {record.getMessage()}{keys}"
        return without_tokens(f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line)


@lru_cache(maxsize=1)
def _time_of_day(second: int) -> str:
    return time.strftime("%H:%M:%S", time.localtime(second))


def known_keys(record: logging.LogRecord) -> dict[str, object]:
    """The keys of `extra` that this project uses, in their order."""
    known = record.__dict__
    return {key: known[key] for key in KEYS if key in known}


def configure_logging(*, service: str, form: Literal["json", "text"], level: str) -> None:
    """Send every log record of this process to standard error in one form."""
    # Where standard error was closed, its descriptor is that of something else by now.
    handler = logging.NullHandler() if sys.stderr is None else LineWriter(sys.stderr.fileno())
    handler.setFormatter(JsonFormatter(service=service) if form == "json" else TextFormatter(service=service))
    # No line names them, and finding them out for each costs as much as writing it.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001 - documented; nor from where it was said
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # It logs every payload at DEBUG, which would put people's data into the log.
    logging.getLogger("sse_starlette").setLevel(logging.WARNING)
