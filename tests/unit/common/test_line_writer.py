"""The log is written beside the event loop."""

import io
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Final

import pytest

from common.line_writer import MOST_WAITING, LineWriter

PROGRAM: Final = """
import logging
from common.log import configure_logging

configure_logging(service="gateway", form="text", level="INFO")
for number in range(2_000):
    logging.getLogger("of.this").info("line %d", number)
raise SystemExit(3)
"""


class Stuck(io.StringIO):
    """A stream that takes nothing until it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.is_asked = threading.Event()
        self.goes_on = threading.Event()

    def write(self, text: str) -> int:
        self.is_asked.set()
        self.goes_on.wait()
        return super().write(text)


@pytest.fixture
def stream() -> Iterator[Stuck]:
    stuck = Stuck()
    yield stuck
    stuck.goes_on.set()


def say(writer: LineWriter, *texts: str) -> None:
    for text in texts:
        writer.handle(logging.LogRecord("of.this", logging.INFO, __file__, 1, text, None, None))


def test_who_logs_does_not_wait_for_a_stream_that_takes_nothing(stream: Stuck) -> None:
    writer = LineWriter(stream)
    say(writer, "first")
    assert stream.is_asked.wait(60)
    say(writer, "second", "third")  # comes back, though the first is not written

    stream.goes_on.set()
    writer.flush()
    assert stream.getvalue() == "first\nsecond\nthird\n"


def test_of_too_many_lines_the_oldest_are_lost_and_that_is_told(stream: Stuck) -> None:
    writer = LineWriter(stream)
    say(writer, "first")
    assert stream.is_asked.wait(60)
    say(writer, *(f"line {number}" for number in range(MOST_WAITING + 7)))

    stream.goes_on.set()
    writer.flush()
    written = stream.getvalue().splitlines()
    assert written[:3] == ["first", "7 lines of the log were lost: nobody took them in time", "line 7"]
    assert written[-1] == f"line {MOST_WAITING + 6}"
    assert len(written) == MOST_WAITING + 2


def test_a_line_that_cannot_be_made_ends_nothing(
    stream: Stuck, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", True)
    writer = LineWriter(stream)
    stream.goes_on.set()
    writer.handle(logging.LogRecord("of.this", logging.INFO, __file__, 1, "%d", ("no number",), None))
    say(writer, "the next")
    writer.flush()
    assert stream.getvalue() == "the next\n"
    assert "Logging error" in capsys.readouterr().err


def test_what_was_said_before_the_end_is_written() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=False, capture_output=True, text=True)
    assert done.returncode == 3
    assert [line.rpartition(" ")[2] for line in done.stderr.splitlines()] == [str(number) for number in range(2_000)]
