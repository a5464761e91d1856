"""Services look for garbage less often, and still find it."""

import subprocess
import sys
from typing import Final

PROGRAM: Final = """
import gc, weakref
from common.garbage import look_seldom

class Cycle:
    def __init__(self):
        self.itself = self

look_seldom()
frozen = gc.get_freeze_count()
cycle = weakref.ref(Cycle())
assert cycle() is not None
kept = [[] for _ in range(200_000)]
print(frozen > 1_000, cycle() is None)
"""


def test_what_lives_is_put_aside_and_new_garbage_is_found_all_the_same() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["True", "True"]
