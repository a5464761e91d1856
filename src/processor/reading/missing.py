"""What stands for a missing value in columns of text: nothing between quotes, or a word."""

from collections.abc import Iterable, Mapping

import polars as pl

from processor.reading.questions import EACH, Texts

_ERRORS = ("#DIV/0!", "#REF!", "#VALUE!", "#NAME?", "#NUM!")  # what spreadsheets write of formulas that fail
WORDS = ("NA", "N/A", "n/a", "#N/A", "NULL", "null", "None", "\\N", "-", "?", ".", *_ERRORS)
_IS_WORD = EACH.is_in(WORDS)
# What people write where there is nothing, in lower case: where a name or a unit would stand it is none.
PLACEHOLDERS = frozenset({*(word.lower() for word in WORDS), "nan", "na", "nil", "--", "unknown"})


def with_empty(texts: Texts, names: Iterable[str]) -> list[str]:
    """Columns with empty texts between quotes."""
    return texts.some(names, EACH == "")


def without_empty(texts: Texts) -> Texts:
    """The values without empty texts between quotes, which are missing in columns of any type but text."""
    return texts.made(pl.when(EACH != "").then(EACH)) if with_empty(texts, texts.frame.columns) else texts


def without_words(texts: Texts, words: Mapping[str, tuple[str, ...]]) -> Texts:
    """The values without the words for missing ones, of which `words` has those of each column."""
    return texts.made(pl.when(~_IS_WORD).then(EACH)) if words.keys() & texts.frame.columns else texts


def words_of(texts: Texts, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Which of the words are among the values of each column; columns without any are left out."""
    found = texts.answers(texts.some(names, _IS_WORD), EACH.filter(_IS_WORD).unique().implode())
    return {name: tuple(word for word in WORDS if word in set(there)) for name, there in found.items()}
