"""What the kernel says of a process."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from processor.meter import Meter

WORKING = "import sys; held = bytearray(50 << 20); print(flush=True); sys.stdin.read()"


@pytest.fixture
def process() -> Iterator["subprocess.Popen[bytes]"]:
    """A process that holds 50 MiB and has worked for it."""
    started = subprocess.Popen([sys.executable, "-c", WORKING], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with started as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process


def test_memory_and_time_of_a_process_that_runs(process: "subprocess.Popen[bytes]") -> None:
    meter = Meter(process.pid)
    assert 50 << 20 < meter.resident_bytes() < 500 << 20
    assert 0 < meter.cpu_seconds() < 60
    meter.close()


def test_threads_are_counted_as_they_come_and_go() -> None:
    meter = Meter(os.getpid())
    before = meter.threads()
    gate = threading.Event()
    threads = [threading.Thread(target=gate.wait) for _ in range(20)]
    for thread in threads:
        thread.start()

    assert before >= 1
    assert meter.threads() >= before + 20 - 5  # others of this process may have ended meanwhile
    gate.set()
    for thread in threads:
        thread.join()
    meter.close()
    assert meter.threads() == 0


def test_one_that_has_ended_uses_nothing(process: "subprocess.Popen[bytes]") -> None:
    meter = Meter(process.pid)
    process.communicate()
    assert (meter.resident_bytes(), meter.threads(), meter.cpu_seconds()) == (0, 0, 0.0)
    meter.close()


def test_one_that_ended_before_it_was_asked_for_uses_nothing(process: "subprocess.Popen[bytes]") -> None:
    process.communicate()
    meter = Meter(process.pid)
    assert (meter.resident_bytes(), meter.threads(), meter.cpu_seconds()) == (0, 0, 0.0)
    meter.close()
    meter.close()
