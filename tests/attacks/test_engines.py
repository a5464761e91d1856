"""Engines work behind the walls, also where they ask the machine for more than their input."""

import json
import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent.parent
SPILLING = {"POLARS_OOC_SPILL_DIR": "spill", "POLARS_OOC_MEMORY_BUDGET_MB": "20", "POLARS_MAX_THREADS": "2"}


def test_polars_spills_into_scratch_and_duckdb_finds_its_share_of_the_machine(tmp_path: Path) -> None:
    for name in ("inputs", "scratch"):
        (tmp_path / name).mkdir()
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "plugins.attacks.engines", str(tmp_path)],
        cwd=TESTS,
        env={**os.environ, **SPILLING},
        check=False,
        capture_output=True,
        text=True,
    )

    assert "panicked" not in run.stderr
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == {"rows": 3_000_000, "groups": True, "spilled": True}
