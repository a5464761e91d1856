"""The log is written beside the event loop."""

import fcntl
import json
import logging
import os
import resource
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from common.line_writer import MOST_BYTES, PIECE_BYTES, LineWriter
from common.log import JsonFormatter

START: Final = """
import logging, os
from common.log import configure_logging

configure_logging(service="gateway", form="text", level="INFO")
log = logging.getLogger("of.this")
"""
LAST_WORDS: Final = """
for number in range(2_000):
    log.info("line %d", number)
raise SystemExit(3)
"""
A_FORK: Final = """
log.info("before")
if (pid := os.fork()) == 0:
    log.info("of the fork")
    os._exit(0)
os.waitpid(pid, 0)
log.info("after")
"""
GARBAGE_THAT_LOGS: Final = """
import gc

class Noisy:
    def __init__(self):
        self.itself = self

    def __del__(self):
        log.info("gone")

gc.set_threshold(5, 2, 2)
for number in range(10_000):
    Noisy()
    log.info("line %d", number)
"""
LONG: Final = 1_000


class Pipe:
    """A pipe that nobody reads until it is asked for what came."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()

    def fill(self) -> int:
        """Fill it, so that it takes nothing more; returns with how much."""
        os.set_blocking(self.writer, False)
        filled = 0
        while select.select([], [self.writer], [], 0)[1]:
            filled += os.write(self.writer, b"." * PIECE_BYTES)
        os.set_blocking(self.writer, True)
        return filled

    def read(self, size: int) -> bytes:
        """So many bytes, however long they take."""
        parts = []
        while size > 0:
            parts.append(os.read(self.reader, size))
            size -= len(parts[-1])
        return b"".join(parts)

    def lines(self, *, until: str) -> list[str]:
        """Lines up to this one."""
        with os.fdopen(os.dup(self.reader), encoding="utf-8") as text:
            lines: list[str] = []
            while not lines or lines[-1] != until:
                lines.append(text.readline().removesuffix("\n"))
        return lines


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    os.close(pipe.reader)  # a thread that waits for it goes on
    os.close(pipe.writer)


def say(writer: LineWriter, *texts: str) -> None:
    for text in texts:
        writer.handle(logging.LogRecord("of.this", logging.INFO, __file__, 1, text, None, None))


def test_what_is_told_of_lost_lines_has_the_form_of_all_lines(pipe: Pipe) -> None:
    filled = pipe.fill()
    writer = LineWriter(pipe.writer)
    writer.setFormatter(JsonFormatter(service="gateway"))
    say(writer, "x" * MOST_BYTES)
    pipe.read(filled + 1)  # it is being written
    say(writer, "y" * MOST_BYTES, "last")

    texts: list[str] = []
    with os.fdopen(os.dup(pipe.reader), encoding="utf-8") as lines:
        lines.readline()
        while "last" not in texts:
            texts.append(json.loads(lines.readline())["text"])
    assert "1 lines of the log were lost: nobody took them in time" in texts


def run(program: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", START + program]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)


def test_who_logs_does_not_wait_for_a_reader_who_takes_nothing(pipe: Pipe) -> None:
    filled = pipe.fill()
    writer = LineWriter(pipe.writer)
    say(writer, "first", "second", "third")  # comes back, though nothing is written

    pipe.read(filled)
    assert pipe.lines(until="third") == ["first", "second", "third"]


def test_of_too_many_lines_the_oldest_are_lost_and_that_is_told(pipe: Pipe) -> None:
    filled = pipe.fill()
    writer = LineWriter(pipe.writer)
    last = MOST_BYTES // LONG + 20
    say(writer, *(f"{number:0{LONG - 1}}" for number in range(last + 1)))

    pipe.read(filled)
    written = pipe.lines(until=f"{last:0{LONG - 1}}")
    [told] = [index for index, line in enumerate(written) if "lost" in line]
    lost = int(written.pop(told).split()[0])
    kept = [int(line) for line in written]
    assert 0 < lost == last + 1 - len(kept)
    assert kept == [*range(told), *range(told + lost, last + 1)]  # in order, but for what was lost at once


def test_a_piece_is_whole_lines_and_goes_into_a_pipe_at_once(pipe: Pipe) -> None:
    """So another process that writes into the same pipe does so between two lines."""
    fcntl.fcntl(pipe.writer, fcntl.F_SETPIPE_SZ, PIECE_BYTES)
    filled = pipe.fill()
    writer = LineWriter(pipe.writer)
    say(writer, *("x" * 299 for _ in range(100)))

    pipe.read(filled)
    os.set_blocking(pipe.reader, False)
    came = 0
    while came < 100 * 300:
        select.select([pipe.reader], [], [])
        piece = os.read(pipe.reader, PIECE_BYTES)
        came += len(piece)
        assert piece.endswith(b"\n")


def test_a_descriptor_that_does_not_wait_loses_nothing(pipe: Pipe) -> None:
    filled = pipe.fill()
    os.set_blocking(pipe.writer, False)
    writer = LineWriter(pipe.writer)
    say(writer, "first", "second")

    pipe.read(filled)
    assert pipe.lines(until="second") == ["first", "second"]


def test_a_line_that_a_full_disk_tore_ends_before_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is lost, and so are those after it until there is room; that is told."""
    monkeypatch.setattr("common.line_writer.FLUSH_S", 60)
    path = tmp_path / "log"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with path.open("wb") as file:
        writer = LineWriter(file.fileno())
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
        try:
            say(writer, "first", "second", "third")
            writer.flush()
            say(writer, "fourth")
            writer.flush()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        say(writer, "fifth")
        writer.flush()

    told = "3 lines of the log were lost: nobody took them in time"
    assert path.read_text(encoding="utf-8").splitlines() == ["first", "seco", told, "fifth"]


def test_a_line_that_cannot_be_made_ends_nothing(
    pipe: Pipe, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", True)
    writer = LineWriter(pipe.writer)
    writer.handle(logging.LogRecord("of.this", logging.INFO, __file__, 1, "%d", ("no number",), None))
    say(writer, "half a character: \ud800", "the next")
    assert pipe.lines(until="the next") == ["half a character: \\ud800", "the next"]
    assert "Logging error" in capsys.readouterr().err


def test_what_was_said_before_the_end_is_written() -> None:
    done = run(LAST_WORDS)
    assert done.returncode == 3
    assert [line.rpartition(" ")[2] for line in done.stderr.splitlines()] == [str(number) for number in range(2_000)]


def test_what_a_fork_says_is_written_once() -> None:
    done = run(A_FORK)
    said = sorted(line.partition(" info ")[2].strip() for line in done.stderr.splitlines())
    assert said == ["after", "before", "of the fork"]


def test_garbage_that_logs_when_it_is_removed_stops_nobody() -> None:
    """Wherever that happens: in who logs, and in the thread that writes."""
    done = run(GARBAGE_THAT_LOGS)
    lines = done.stderr.splitlines()
    assert done.returncode == 0
    assert sum("line" in line for line in lines) == 10_000
    assert sum("gone" in line for line in lines) > 9_000
