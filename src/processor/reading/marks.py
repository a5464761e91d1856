"""The marks in the columns' numbers, where these are not written as computers do: `1,5`, `1.234,5`, `1 234`."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import polars as pl

from processor.reading.digits import with_leading_plus
from processor.reading.missing import without_words
from processor.reading.numbers import NumberStyle, evidence, fitting
from processor.reading.questions import EACH, Texts
from processor.reading.wishes import Wishes

_WHOLE = r"^[+-]?\d+$"
_WHOLE_OR_GROUPED = r"^[+-]?(\d+|(\d{2,3}|[1-9])(\.\d{3})+)$"
_ENOUGH = 3  # so many numbers that look like 1.234, among whole ones, are hardly all decimals by chance
_PLAIN = NumberStyle()
_POINTS = NumberStyle(decimal=",", thousands=".")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What was found.

    Attributes:
        numbers: the style of each column that has one.
        unsure: columns that are numbers in more than one style.
    """

    numbers: Mapping[str, NumberStyle]
    unsure: tuple[str, ...]


def marks_of(
    texts: Texts, types: Mapping[str, pl.DataType], words: Mapping[str, tuple[str, ...]], wishes: Wishes
) -> Marks:
    """Columns with numbers that are not written as computers do, and those where nobody knows how they are.

    Args:
        texts: the values without empty ones.
        types: what the columns would be without styles.
        words: the words for missing values, by column.
        wishes: what the caller said.
    """
    candidates = [
        name for name, dtype in types.items() if dtype == pl.String or (name in wishes.dtypes and dtype.is_numeric())
    ]
    floats = [name for name, dtype in types.items() if dtype == pl.Float64 and name not in wishes.dtypes]
    numbers = without_words(texts.of([*candidates, *floats]), words)
    styles = _styles(numbers, candidates, words, wishes)
    grouped = _grouped(numbers, floats)
    if not styles and not grouped:
        return Marks(numbers={}, unsure=())
    plain = [[_PLAIN]] if _has_decimals(numbers, set(floats) - set(grouped)) else []
    usual = wishes.decimal or evidence([*(styles[name] for name in styles if types[name] == pl.String), *plain])
    chosen, unsure = _chosen(styles, usual)
    if usual == "," and wishes.thousands in {None, "."}:
        # 1.234 is what a computer writes, unless the file has decimal commas elsewhere; beside 5678 nobody knows.
        chosen |= dict.fromkeys(grouped, _POINTS)
    elif usual is None and wishes.thousands is None:
        unsure += _beside_whole_numbers(numbers, grouped)
    typed = _typed(numbers, chosen, words, wishes)
    return Marks(
        numbers={name: typed[name] for name in types if name in typed},
        unsure=tuple(name for name in types if name in unsure),
    )


def _styles(
    numbers: Texts, names: Iterable[str], words: Mapping[str, tuple[str, ...]], wishes: Wishes
) -> dict[str, list[NumberStyle]]:
    """The styles that all numbers of a column fit; telephones have none, numbers beside several words the plain one."""
    found = fitting(numbers, names, decimal=wishes.decimal, thousands=wishes.thousands)
    plus = numbers.some([name for name in found if name not in wishes.dtypes], EACH.str.starts_with("+"))
    digits = numbers.of(plus).made(EACH.str.replace_all(r"[^+\-\d]", ""))  # +49 30 123 456
    telephones = set(with_leading_plus(digits, plus))
    found = {name: styles for name, styles in found.items() if name not in telephones}
    plain = numbers.filled([name for name in names if name not in found and len(words.get(name, ())) > 1])
    return found | {name: [_PLAIN] for name in numbers.fitting(plain, pl.Float64())}


def _chosen(styles: Mapping[str, list[NumberStyle]], usual: str | None) -> tuple[dict[str, NumberStyle], list[str]]:
    """The style of each column; of several the one with the usual decimal mark, if that is known."""
    chosen: dict[str, NumberStyle] = {}
    unsure: list[str] = []
    for name, found in styles.items():
        left = found if len(found) == 1 else [style for style in found if style.decimal == usual]
        if left:
            chosen[name] = left[0]
        else:
            unsure.append(name)
    return chosen, unsure


def _grouped(numbers: Texts, floats: Iterable[str]) -> list[str]:
    """Columns in which every point may stand between thousands (`1.234`), and there are points."""
    may_be = numbers.every(numbers.filled(floats), EACH.str.contains(_WHOLE_OR_GROUPED))
    return numbers.some(may_be, EACH.str.contains(".", literal=True))


def _has_decimals(numbers: Texts, floats: Iterable[str]) -> bool:
    return bool(numbers.some(floats, EACH.str.contains(r"\.\d")))


def _beside_whole_numbers(numbers: Texts, grouped: Iterable[str]) -> list[str]:
    """Columns of whole numbers beside some that look like 1.234: decimals would not all have three digits."""
    whole = EACH.str.contains(_WHOLE).sum()
    found = numbers.answers(grouped, (whole > 0) & (EACH.count() - whole >= _ENOUGH))
    return [name for name, unsure in found.items() if unsure]


def _typed(
    numbers: Texts, chosen: Mapping[str, NumberStyle], words: Mapping[str, tuple[str, ...]], wishes: Wishes
) -> dict[str, NumberStyle]:
    """The styles with types and with what stands for missing values."""
    alike: dict[NumberStyle, list[str]] = defaultdict(list)
    for name, style in chosen.items():
        alike[style].append(name)
    whole = {
        name
        for style, names in alike.items()
        for name in numbers.of(names).made(style.plain(EACH)).fitting(names, pl.Int64())
    }
    return {
        name: replace(
            style,
            nulls=("", *words.get(name, ())),
            dtype=wishes.dtypes.get(name, pl.Int64() if name in whole else pl.Float64()),
        )
        for name, style in chosen.items()
    }
