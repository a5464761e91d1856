"""`sundog demo`, as `make demo` runs it."""

import os
import re
import subprocess
import sys
from pathlib import Path

from sundog.demo_data import ROWS


def run_demo(data: Path, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sundog", "demo", "--data", str(data)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=240, env={**os.environ, **env})


def test_it_shows_progress_an_estimate_and_the_result_and_ends_with_0(tmp_path: Path) -> None:
    first = run_demo(tmp_path)
    assert (first.returncode, first.stderr) == (0, "")
    assert f"{ROWS:,} flights" in first.stdout
    assert "First light: an estimate from" in first.stdout
    assert re.search(r"^ +\d+%  scan  .* rows", first.stdout, re.MULTILINE)
    estimated, exact = re.findall(r"^dep_delay .*$", first.stdout, re.MULTILINE)
    assert "≈" in estimated
    assert exact.split()[:7] == ["dep_delay", "number", "2.5%", "527", "-43", "12.64", "1301"]
    # Nothing holds the folder any more, and what it left behind does no harm.
    assert run_demo(tmp_path).returncode == 0


def test_a_failure_is_a_sentence_and_no_success(tmp_path: Path) -> None:
    failed = run_demo(tmp_path, SUNDOG_GATEWAY_SHUTDOWN_S="soon")
    assert failed.returncode == 1
    assert "sundog: gateway did not start" in failed.stderr
    assert "SUNDOG_GATEWAY_SHUTDOWN_S" in failed.stderr
    assert "Traceback" not in failed.stderr
