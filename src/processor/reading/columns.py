"""Names of columns that can be shown, stored and asked for; how many there may be, and how deep they may nest."""

import hashlib
import re
from collections.abc import Callable, Iterable
from typing import Any

import polars as pl

from common.errors import InputError
from processor.reading.names import shown

MOST_COLUMNS = 16_384  # as many as a spreadsheet has
MOST_DEPTH = 60  # of lists and structs; results are JSON that nests with them, and readers of that have bounds
_LONGEST = 200
_TOLD = 10
# Control characters: Postgres stores no NUL, terminals obey the others, and directions of text hide what is written.
_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def usable_name(name: str) -> str:
    r"""The name as it can be shown: control characters escaped (`\x00`), cut to 200 characters.

    What is cut off is told apart by a digest. Empty names stay empty.
    """
    if len(name) > _LONGEST:
        digest = hashlib.sha256(name.encode("utf-8", errors="surrogatepass")).hexdigest()[:8]
        name = f"{name[: _LONGEST - 9]}…{digest}"
    return _UNSHOWN.sub(lambda found: found[0].encode("unicode_escape").decode(), name)


def check_count(columns: int) -> None:
    """See that a table is not wider than can be worked with.

    Raises:
        InputError: it is.
    """
    if columns > MOST_COLUMNS:
        raise InputError(
            f"The table has {columns:,} columns; at most {MOST_COLUMNS:,} can be read.",
            advice="Check the delimiter, or hand in a part of the columns.",
        )


def check_depth(types: Iterable[pl.DataType], *, what: str) -> None:
    """See that no column nests deeper than can be worked with.

    Raises:
        InputError: one does.
    """
    level: list[Any] = [dtype for dtype in types if dtype.is_nested()]
    for _ in range(MOST_DEPTH):
        level = [inner for dtype in level for inner in _inner(dtype) if inner.is_nested()]
        if not level:
            return
    raise too_deep(what)


def _inner(dtype: Any) -> list[Any]:
    if isinstance(dtype, pl.Struct):
        return [field.dtype for field in dtype.fields]
    # A list or array has an inner type, a map those of its keys and values.
    return [getattr(dtype, part) for part in ("inner", "key", "value") if hasattr(dtype, part)]


def too_deep(what: str) -> InputError:
    """What is told of a table that nests too deep."""
    return InputError(
        f"The {what} is nested too deeply for a table: more than {MOST_DEPTH} levels.", advice="Hand in flat rows."
    )


def renaming(names: list[str]) -> dict[str, str]:
    """What must be renamed, old name to new name; none of the new names is taken already."""
    check_count(len(names))
    taken = set(names)
    found: dict[str, str] = {}
    for name in names:
        wanted = usable_name(name)
        if wanted == name:
            continue
        while wanted in taken:
            wanted += "_"
        taken.add(wanted)
        found[name] = wanted
    return found


def with_usable_names(frame: pl.DataFrame, tell: Callable[[str, str], None]) -> pl.DataFrame:
    """The frame under names that can be shown; `tell` is told of those that were changed, the first ten of them."""
    renamed = renaming(frame.columns)
    for name in list(renamed.values())[:_TOLD]:
        tell("column_names", f"A column's name cannot be shown as it is; it is shown as {shown(name)}.")
    return frame.rename(renamed) if renamed else frame
