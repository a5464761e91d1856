"""The second layer: what a plan of Polars would read."""

import re
from collections.abc import Collection
from pathlib import Path
from typing import Final

import polars as pl

from common.errors import ParamsError

# One line a scan, as in `Csv SCAN [/a.csv]`. What stands there is taken whole: two files, or "… 3 other sources", are
# no input's path either. What only looks like one (a text in the query) is refused too, which costs nothing.
_SCAN: Final = re.compile(r"\bSCAN\b(.*)$", re.MULTILINE)


def sources(frame: pl.LazyFrame) -> frozenset[str]:
    """What the plan reads, as the plan says it: `[` path `]` for each scan."""
    return frozenset(found.strip() for found in _SCAN.findall(frame.explain(optimized=False)))


def refuse_foreign_paths(
    frame: pl.LazyFrame,
    *,
    inputs: Collection[Path] = (),
    frames: Collection[pl.LazyFrame] = (),
    pointer: str = "/params",
) -> None:
    """Pass if the plan reads these files, and what these frames read, and nothing else.

    Args:
        frame: the plan.
        inputs: files that it may read.
        frames: the inputs as our own reader opened them, perhaps from a converted copy.
        pointer: where the text stands that the plan was made of, as a JSON Pointer.

    Raises:
        ParamsError: it reads something else, or something that cannot be told.
    """
    allowed = {f"[{path}]" for path in inputs}.union(*map(sources, frames))
    if sources(frame) - allowed:
        raise ParamsError(
            "This would read something that is no input of the task.",
            pointer=pointer,
            advice="Hand the data in, and name it in `inputs`.",
        )
