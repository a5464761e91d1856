"""Personal data somewhere inside of texts: in notes, logs and messages, where the text as a whole means nothing.

What has check digits is told from other long numbers by them. One of ten numbers has a right one by chance, though:
where there are candidates that fail, more have to pass than chance explains.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from processor.analyses.profile.checks import is_card_number, is_iban_at_start
from processor.analyses.profile.meanings import BY_NAME, MAIL

_CARD = r"\b(?:[0-9]{13,19}|[0-9]{4}(?: [0-9]{4}){3}|[0-9]{4}(?:-[0-9]{4}){3}|[0-9]{4}[ -][0-9]{6}[ -][0-9]{5})\b"
_IBAN = r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}\b"
_PHONE = r"(?:^|[^\w+.])\+[1-9](?:[ ().-]{0,2}[0-9]){7,14}\b"
_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
# Not after a slash: browsers call themselves `Chrome/120.0.0.0`, and what stands in a URL is a machine's.
_ADDRESS = rf"""(?:^|[\s\[("'=@,;])(?:{_BYTE}\.){{3}}{_BYTE}(?:$|[\s\])"',;:/])"""
_SIGMAS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sought:
    """Something to look for.

    Attributes:
        form: a regular expression.
        check: what a finding of that form has to stand, too.
        chance: the share of other things of that form that stand it.
    """

    form: str
    check: Callable[[str], bool] | None = None
    chance: float = 0.0


_SOUGHT: Mapping[str, _Sought] = {
    "email": _Sought(form=MAIL),
    "iban": _Sought(form=_IBAN, check=is_iban_at_start, chance=1 / 97),
    "card_number": _Sought(form=_CARD, check=is_card_number, chance=1 / 10),
    "ip_address": _Sought(form=_ADDRESS),
    "phone": _Sought(form=_PHONE),
}


def inside_texts(counts: pl.DataFrame) -> dict[str, int]:
    """In how many texts there is personal data of each sort; what is all of a text is not inside of it."""
    return {name: _count(counts, sought, whole=BY_NAME[name].check) for name, sought in _SOUGHT.items()}


def _count(counts: pl.DataFrame, sought: _Sought, *, whole: Callable[[str], bool] | None) -> int:
    text = pl.col("value").str.strip_chars()
    holding = counts.filter(text.str.contains(sought.form))
    alone = holding.select(text.str.contains(f"^(?:{sought.form})$")).to_series()
    check = sought.check
    if check is None or whole is None:
        return int(holding.filter(~alone)["count"].sum())
    alone &= _checked(holding.select(text).to_series(), whole)
    found = holding.select(pl.col("value").str.extract_all(sought.form).alias("found"), "count").filter(~alone)
    candidates = found.with_row_index().explode("found")
    passes = _checked(candidates["found"], check)
    passing, every = int(passes.sum()), passes.len()
    if passing < every and passing <= _by_chance(sought.chance, every):
        return 0
    return int(candidates.filter(passes).unique("index")["count"].sum())


def _checked(texts: pl.Series, check: Callable[[str], bool]) -> pl.Series:
    return pl.Series([check(text) for text in texts], dtype=pl.Boolean)


def _by_chance(chance: float, count: int) -> float:
    return chance * count + _SIGMAS * math.sqrt(chance * (1 - chance) * count)
