"""Our kinds and their peers over tables, each run a fresh process, so that its time and memory are its own."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.parts.figures import compare, headline, tell

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "benchmarks" / "requirements-checks.lock"
OURS = """
import json, sys
from importlib import import_module
from pathlib import Path
from helpers.recording_run import RecordingRun
from processor.kind import Input
kind = import_module(f"processor.analyses.{sys.argv[1]}").KIND
files, params, scratch = json.loads(sys.argv[2]), json.loads(Path(sys.argv[3]).read_text()), Path(sys.argv[4])
inputs = {
    name: Input(name=name, filename=name, path=Path(path), sha256="", bytes=Path(path).stat().st_size)
    for name, path in files.items()
}
run = RecordingRun(scratch, memory_mb=int(sys.argv[5]))
print(json.dumps(kind.analyse(run, inputs, kind.params.model_validate(params)).data))
"""
# What the kernel tells of a child at its end (`ru_maxrss`) counts the process, too, that it was forked from.
PEAK = """
print(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One run: what it took, and what it found."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    found: Any

    def told(self, name: str) -> str:
        """A line of figures."""
        return f"  {name:16} {self.wall_s:6.2f} s wall  {self.cpu_s:6.2f} s CPU  {self.peak_mb:5.0f} MB peak"

    def beside(self, other: "Ran") -> str:
        """Both ratios."""
        time, memory = self.wall_s / other.wall_s, self.peak_mb / other.peak_mb
        return f"ratio {time:.2f} of the time, {memory:.2f} of the memory"


def python_with_table_peers(folder: Path, *, lock: Path = LOCK) -> Path:
    """Install the peers into a folder, and return the Python that has them: they need other versions than ours."""
    venv.create(folder, with_pip=True, symlinks=True)
    python = folder / "bin" / "python"
    options = ["--quiet", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"]
    subprocess.run([str(python), "-m", "pip", "install", *options, "-r", str(lock)], check=True)
    return python


def ours(kind: str, files: Mapping[str, Path], params: Mapping[str, Any], *, folder: Path, memory_mb: int) -> Ran:
    """Run one of our kinds."""
    scratch = Path(tempfile.mkdtemp(dir=folder))
    asked = scratch / "params.json"
    asked.write_text(json.dumps(params))
    named = json.dumps({name: str(path) for name, path in files.items()})
    return measured(Path(sys.executable), OURS, kind, named, asked, scratch, memory_mb)


class EndedError(Exception):
    """A run did not come to its end: the code that it ended with, below 0 for a signal."""


def medians(mine: Sequence[Ran], theirs: Sequence[Ran], *, peer: str) -> None:
    """Tell the medians of both; without a run of the peer ours alone."""
    times = statistics.median(run.wall_s for run in mine)
    peak = statistics.median(run.peak_mb for run in mine)
    if not theirs:
        tell(f"median of {len(mine)}", times, unit="s")
        tell("peak memory, median", peak, unit="MB")
        return
    headline(peer)
    compare(f"median of {len(mine)}", times, statistics.median(run.wall_s for run in theirs), unit="s", goal="< 1")
    compare("peak memory, median", peak, statistics.median(run.peak_mb for run in theirs), unit="MB", goal="< 1")


def measured(python: Path, program: str, *arguments: object) -> Ran:
    """Run a program that prints what it found as JSON.

    Raises:
        EndedError: it did not come to its end.
    """
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])
    threads = {"POLARS_MAX_THREADS": str(os.cpu_count() or 1)}
    own = {"PYTHONPATH": paths} if python == Path(sys.executable) else {"PYTHONPATH": ""}
    started = time.perf_counter()
    command = [str(python), "-c", program + PEAK, *map(str, arguments)]
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(command, env={**os.environ, **threads, **own}, stdout=output)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise EndedError(child.returncode)
        output.seek(0)
        *_, found, peak = output.read().splitlines()
    cpu = usage.ru_utime + usage.ru_stime
    return Ran(wall_s=wall, cpu_s=cpu, peak_mb=int(peak) / 1024, found=json.loads(found))
