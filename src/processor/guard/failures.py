"""What Polars says when a guarded text fails, told without its words: they quote files and their paths."""

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

import polars as pl

from common.errors import ParamsError
from processor.guard.refusal import near, shown

_QUOTED: Final = re.compile(r"""unable to find column "((?:[^"\\]|\\.)*)"|no column named '([^']*)' found""")
_ADVICE: Final = "Compare the types: the schema of each input is in its profile; CAST gives another type."
_NOT_OFFERED: Final = "The SQL uses something that Polars does not offer."
_WORKS: Final = "See the SQL that works in docs/kinds/query.md."
_TYPES: Final = "Values of types that do not fit together are compared or combined."
_SENTENCES: Final[tuple[tuple[str, str, str], ...]] = (
    ("exceeds size limit", "A regular expression is too large.", "Use a simpler pattern, with smaller repetitions."),
    ("regex", "A regular expression cannot be read.", "Check its brackets; look-around does not work."),
    (
        "casting from string to",
        "A text cannot be cast to a time.",
        "Use DATE(text, '%Y-%m-%d'), TIMESTAMP or STRPTIME.",
    ),
    ("conversion from", "A value cannot be converted to the type asked for.", "TRY_CAST gives null instead."),
    ("appropriate format", "A text is no date in a form that is known.", "Give the form: DATE(text, '%d.%m.%Y')."),
    ("aggregation 'item'", "A subquery that stands for one value gives several.", "Use an aggregate, or LIMIT 1."),
    ("GROUP BY", "A column is neither grouped by nor aggregated.", "Add it to GROUP BY, or aggregate it."),
    ("derived", "A subquery in FROM has no name.", "Give it one by AS."),
    ("equal number of columns", "The parts of a UNION have different numbers of columns.", "Select as many in each."),
    ("arguments", "A function has the wrong number or types of arguments.", _WORKS),
    ("cannot compare", _TYPES, _ADVICE),
    ("arithmetic on dtypes", _TYPES, _ADVICE),
    ("join keys don't match", _TYPES, _ADVICE),
    ("invalid series dtype", "A function does not work on a column of this type.", _ADVICE),
    ("not supported for dtype", "A function does not work on a column of this type.", _ADVICE),
    ("not supported", _NOT_OFFERED, _WORKS),
    ("unsupported", _NOT_OFFERED, _WORKS),
)


def is_of_polars(error: BaseException) -> bool:
    """True for what Polars raises over a text or the data; a panic inside it is a BaseException without a class."""
    return isinstance(error, pl.exceptions.PolarsError) or type(error).__name__ == "PanicException"


def explain_failure(
    error: BaseException,
    *,
    text: str,
    known: Collection[str],
    pointer: str,
    renamed: Mapping[str, str] = MappingProxyType({}),
) -> ParamsError:
    """The sentence for a failure of Polars.

    Args:
        error: one that `is_of_polars`.
        text: the caller's SQL; only words of it are quoted.
        known: names of columns that may have been meant.
        pointer: where the text stands in the request, as a JSON Pointer.
        renamed: names of the caller's that had others for Polars → these.
    """
    said = str(error)
    for name, other in renamed.items():
        said = said.replace(other, name)
    missing = _missing_column(said, text)
    if missing is not None:
        message, advice = f"There is no column {shown(missing)}.", near(missing, known, what="columns")
    elif isinstance(error, pl.exceptions.DuplicateError):
        message, advice = "Two columns of the result have the same name.", "Give one another name by AS."
    else:
        message, advice = _sentence(error, said)
    return ParamsError(message, pointer=pointer, advice=advice)


def _missing_column(said: str, text: str) -> str | None:
    """The name of a missing column, if the caller wrote it; what the file holds is not."""
    found = _QUOTED.search(said)
    name = (found[1] or found[2]).replace('\\"', '"') if found else None
    return name if name and name in text else None


def _sentence(error: BaseException, said: str) -> tuple[str, str]:
    first = said.split("\n", 1)[0]
    for sign, message, advice in _SENTENCES:
        if sign in first:
            return message, advice
    if isinstance(error, pl.exceptions.SchemaError):
        return _TYPES, _ADVICE
    return f"Polars could not do this ({type(error).__name__}).", _ADVICE
