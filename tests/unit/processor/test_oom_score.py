"""Whom the kernel ends first."""

import subprocess
import sys

import pytest

FORK = """
import sys
from pathlib import Path
from processor.oom_score import OomScore

own = Path("/proc/self/oom_score_adj")
own.write_text(sys.argv[1])
score = OomScore()
with score.of_a_child():
    print(own.read_text().strip())
print(own.read_text().strip())
"""


@pytest.mark.parametrize(("own", "of_a_child"), [("100", "800"), ("950", "950")])
def test_a_child_has_a_high_score_and_never_a_lower_one_than_who_starts_it(own: str, of_a_child: str) -> None:
    """Raising it is allowed to everybody, lowering it again only to whom it was given."""
    forked = subprocess.run([sys.executable, "-c", FORK, own], check=True, capture_output=True, text=True)

    assert forked.stdout.split() in ([of_a_child, own], [of_a_child, of_a_child])
