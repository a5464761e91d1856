"""How often Python looks for garbage that refers to itself.

Nearly all that a request or a task leaves behind goes by itself, when the last reference to it goes. What is left are
cycles; to find them, Python looks through everything that lives, at first every 700 new objects. A service has
much that lives as long as it does: its code, its routes, its models. So that is put aside once, and the rest is looked
at after as many objects as some hundred requests make, which then cost a part of what they did.
"""

import gc
from typing import Final

THRESHOLDS: Final = (50_000, 20, 50)  # new objects, then looks at the young, then at the middle-aged


def look_seldom() -> None:
    """Put aside all that lives now, and look less often from here on: for the start of a service."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
