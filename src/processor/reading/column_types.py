"""The types of columns of text that are neither times nor numbers of a style of their own."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import polars as pl

from processor.reading.missing import without_words
from processor.reading.questions import EACH, Texts

_TRUTHS = ("true", "false")
_NUMBERS = (pl.Int64(), pl.Int128(), pl.Float64())


def as_guessed(texts: Texts, guesses: Mapping[str, pl.DataType]) -> dict[str, pl.DataType]:
    """The columns of numbers and truth values that all of the sample fits."""
    alike: dict[pl.DataType, list[str]] = defaultdict(list)
    for name, guess in guesses.items():
        alike[guess].append(name)
    found: dict[str, pl.DataType] = {}
    for guess, names in alike.items():
        if guess == pl.Boolean:
            found |= dict.fromkeys(texts.every(names, EACH.str.to_lowercase().is_in(_TRUTHS)), guess)
        elif guess.is_numeric():
            found |= dict.fromkeys(texts.fitting(names, guess), guess)
    return found


def numbers_in_disguise(
    texts: Texts, names: Iterable[str], words: Mapping[str, tuple[str, ...]]
) -> dict[str, pl.DataType]:
    """Numbers among NaN and infinities, or beside one word for a missing value, are numbers."""
    left = [name for name in names if len(words.get(name, ())) < 2]
    numbers = without_words(texts.of(left), words)
    left = numbers.filled(left)
    found: dict[str, pl.DataType] = {}
    for wanted in _NUMBERS:
        found |= dict.fromkeys(numbers.fitting(left, wanted), wanted)
        left = [name for name in left if name not in found]
    return found


def mostly_numbers(texts: Texts, names: Iterable[str]) -> list[str]:
    """Columns of which more than half of the values are numbers."""
    found = texts.answers(names, EACH.cast(pl.Float64, strict=False).count() * 2 > EACH.count())
    return [name for name, most in found.items() if most]
