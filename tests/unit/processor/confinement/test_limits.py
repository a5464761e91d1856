"""The limits of a child, lowered in a process of the test's own."""

import json
import subprocess
import sys
from pathlib import Path

LOWER = """
import json, resource, sys
from processor.confinement.limits import lower_limits
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 1024))
nproc = resource.getrlimit(resource.RLIMIT_NPROC)[1]
lower_limits(scratch_bytes=1 << 30)
try:
    open(sys.argv[1], "wb").truncate((2 << 30) + 1)
except OSError as error:
    refused = type(error).__name__
print(json.dumps({
    "refused": refused,
    "nproc": [nproc, resource.getrlimit(resource.RLIMIT_NPROC)[0]],
    "core": resource.getrlimit(resource.RLIMIT_CORE),
    "files": resource.getrlimit(resource.RLIMIT_NOFILE),
    "address space": resource.getrlimit(resource.RLIMIT_AS),
}))
"""


def test_limits_are_lowered_and_low_ones_stay(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LOWER, str(tmp_path / "file")]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    assert found["core"] == [0, 0]
    assert found["files"] == [256, 1024]
    assert found["refused"] == "OSError"
    assert found["address space"] == [-1, -1]
    all_threads, threads = found["nproc"]
    assert all_threads == -1 or all_threads * 7 // 8 <= threads < all_threads
