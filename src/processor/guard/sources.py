"""The second layer: what a plan of Polars would read."""

import re
from collections.abc import Collection
from pathlib import Path
from typing import Final

import polars as pl

from common.errors import ParamsError

# One line a scan, as in `  Csv SCAN [/a.csv]`: before SCAN stand words alone, so that no name and no text in the query
# (`"kind" == "CT SCAN"`) is one, which stand in quotation marks. What stands behind it is taken whole: two files, or
# "… 3 other sources", are no input's path either. Quotation marks are not paired: a text may hold one of them, and
# what stands between two texts would be overlooked. A text with such a line in it is taken for a scan and refused.
_SCAN: Final = re.compile(r"^[ \t]*(?:\w+ )*SCAN (\[.*)$", re.MULTILINE)


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
