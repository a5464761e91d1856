"""Bombs of processes and of threads: no process is started, and threads only as many as a user has. Root's are counted
by the processor, which `tests/faults/test_engine_child_faults.py` shows."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
NOBODY_ELSES = 61_234  # a user of whom nobody else has threads
MOST = 256


def exploded(folder: Path, *, user: int) -> dict[str, object]:
    """What a child could start that becomes that user, who may have so many threads."""
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "plugins.attacks.bombs"],
        cwd=TESTS,
        input=json.dumps({"folder": str(folder), "user": user, "most": MOST}),
        check=True,
        capture_output=True,
        text=True,
    )
    return dict(json.loads(run.stdout))


def test_a_user_gets_no_process_and_leaves_an_eighth_of_its_threads_to_the_services(tmp_path: Path) -> None:
    started = exploded(tmp_path, user=NOBODY_ELSES)

    assert started["forks"] == "EPERM"
    assert int(str(started["threads"])) <= MOST - MOST // 8


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_root_gets_no_process_either_and_the_kernel_gives_it_any_number_of_threads(tmp_path: Path) -> None:
    assert exploded(tmp_path, user=0) == {"forks": "EPERM", "threads": 2 * MOST}
