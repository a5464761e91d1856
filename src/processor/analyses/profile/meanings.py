"""What a text or a whole number can mean, one value at a time, the most particular meaning first.

Each meaning is a regular expression over the value without white space around it, and where that is not enough a check
of what it lets through.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from processor.analyses.profile.chance import is_by_chance
from processor.analyses.profile.checks import is_card_number, is_iban, is_ip_address, is_json
from processor.analyses.profile.days import has_real_day
from processor.analyses.profile.phones import LOOK, is_phone

_MONTHS = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_CLOCK = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?"
_DAY = r"\d{4}[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])"
_DAY_LAST = r"(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|[12]\d|3[01])[-/.](?:\d{4}|\d{2})"
_DAY_NAMED = rf"(?i:\d{{1,2}}[- ]{_MONTHS}[-, ]+\d{{2,4}}|{_MONTHS} \d{{1,2}},? \d{{4}})"
_CURRENCY = "(?:[€$£¥]|EUR|USD|GBP|CHF)"
MAIL = r"[A-Za-z0-9._%+'-]+@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}"
_ZIP = r"\d{5}(?:-\d{4})?"
# With the letters that are in use: aircraft, parts and plates have the same form. BS 7666; Canada Post; PostNL; Poland.
_BRITISH = r"(?:[BEGLMNSW]|[A-PR-UWYZ][A-HK-Y])\d[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{2}"
_CANADIAN = r"[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] ?\d[ABCEGHJ-NPRSTV-Z]\d"
_OTHER_POSTAL = rf"{_BRITISH}|{_CANADIAN}|[1-9]\d{{3}} ?[A-Z]{{2}}|\d{{2}}-\d{{3}}"


class Pii(StrEnum):
    """How surely a meaning tells of a person: a few values prove it, or only a share of the column does."""

    PROVEN = "proven"
    LIKELY = "likely"
    NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """One meaning.

    Attributes:
        name: its name in the result.
        form: a regular expression for all of the value.
        check: what a value of that form has to stand, too.
        chance: the share of other things of that form that stand the check.
        pii: whether it is about a person.
        alone: it only counts for what has no meaning that stands before it: digits and hyphens can be anything.
    """

    name: str
    form: str
    check: Callable[[str], bool] | None = None
    chance: float = 0.0
    pii: Pii = Pii.NO
    alone: bool = False


MEANINGS = (
    Meaning(name="email", form=MAIL, pii=Pii.PROVEN),
    Meaning(name="url", form=r"(?i:https?|ftps?|s3|wss?)://[^\s/?#]+[^\s]*"),
    Meaning(name="uuid", form=r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"),
    Meaning(name="iban", form=r"[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]){11,30}", check=is_iban, chance=1 / 97,
            pii=Pii.PROVEN),
    Meaning(name="card_number", form=r"\d(?:[ -]?\d){12,18}", check=is_card_number, chance=1 / 10, pii=Pii.PROVEN),
    Meaning(name="ip_address", form=r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:]*:[0-9a-fA-F:.]*",
            check=is_ip_address, pii=Pii.LIKELY),
    Meaning(name="mac_address", form=r"[0-9a-fA-F]{2}(?:[:-][0-9a-fA-F]{2}){5}", pii=Pii.LIKELY),
    Meaning(name="social_security_number", form=r"(?:[1-578]\d\d|0[1-9]\d|00[1-9]|6[0-57-9]\d|66[0-57-9])-\d{2}-\d{4}",
            pii=Pii.LIKELY),
    Meaning(name="datetime", form=rf"(?:{_DAY}|{_DAY_LAST})[T ]+{_CLOCK}(?: ?(?i:am|pm|z|utc|[+-]\d\d:?\d\d))?",
            check=has_real_day),
    Meaning(name="date", form=rf"{_DAY}|{_DAY_LAST}|{_DAY_NAMED}", check=has_real_day),
    Meaning(name="time", form=rf"{_CLOCK}(?: ?(?i:am|pm))?"),
    Meaning(name="boolean", form=r"(?i:true|false|yes|no|y|n|t|f|ja|nein|oui|non|on|off)"),
    Meaning(name="json", form=r"(?s:\{.*\}|\[.*\])", check=is_json),
    Meaning(name="markup", form=r"(?s:<[A-Za-z!?/][^>]*>.*)"),
    Meaning(name="coordinates", form=r"-?\d{1,2}\.\d+\s*[,;]\s*-?\d{1,3}\.\d+"),
    Meaning(name="postal_code", form=rf"{_ZIP}|{_OTHER_POSTAL}"),
    Meaning(name="phone", form=LOOK, check=is_phone, chance=1 / 3, pii=Pii.LIKELY, alone=True),
    Meaning(name="integer", form=r"[+-]?(?:0|[1-9]\d*)"),
    Meaning(name="padded_integer", form=r"0\d+"),
    Meaning(name="decimal", form=r"[+-]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?"),
    Meaning(name="decimal_comma", form=r"[+-]?\d{1,3}(?:[. ]\d{3})*,\d+|[+-]?\d+,\d+"),
    Meaning(name="grouped_number", form=r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?"),
    Meaning(name="percentage", form=r"[+-]?\d+(?:[.,]\d+)?\s?%"),
    Meaning(name="money", form=rf"[+-]?{_CURRENCY}\s?\d[\d.,']*|[+-]?\d[\d.,']*\s?{_CURRENCY}"),
    Meaning(name="digest", form="|".join(rf"[0-9a-f]{{{n}}}|[0-9A-F]{{{n}}}" for n in (32, 40, 64))),
    Meaning(name="file_path", form=r"(?:/[^/\s]+){2,}/?|[A-Za-z]:\\\S.*|\.{1,2}/\S+"),
)  # fmt: skip
BY_NAME: Mapping[str, Meaning] = {meaning.name: meaning for meaning in MEANINGS}

_SECONDS = (946_684_800, 4_102_444_800)  # the years 2000 to 2099
_WHOLE: Mapping[str, Callable[[pl.Expr], pl.Expr]] = {
    "flag": lambda value: value.is_in([0, 1]),
    "year": lambda value: value.is_between(1900, 2099),
    "unix_seconds": lambda value: value.is_between(*_SECONDS, closed="left"),
    "unix_milliseconds": lambda value: value.is_between(_SECONDS[0] * 1000, _SECONDS[1] * 1000, closed="left"),
}


def of_texts(counts: pl.DataFrame) -> dict[str, int]:
    """How many texts have each meaning, most particular first; a text counts for all that fit."""
    texts = counts.get_column("value").str.strip_chars()
    forms = texts.to_frame().select(
        pl.col("value").str.contains(f"^(?:{meaning.form})$").alias(meaning.name) for meaning in MEANINGS
    )
    known = pl.repeat(False, texts.len(), dtype=pl.Boolean, eager=True)  # noqa: FBT003
    found: dict[str, int] = {}
    for meaning, fits in zip(MEANINGS, forms, strict=True):
        candidates = fits & ~known if meaning.alone else fits
        having = candidates & _standing(texts, candidates, meaning)
        known |= having
        found[meaning.name] = int(counts.get_column("count").filter(having).sum())
    return found


def of_whole_numbers(counts: pl.DataFrame) -> dict[str, int]:
    """How many whole numbers have each meaning."""
    found = counts.select(
        pl.col("count").filter(fits(pl.col("value"))).sum().alias(name) for name, fits in _WHOLE.items()
    ).row(0, named=True)
    long = counts.filter(pl.col("value").is_between(10**12, 10**18)).cast({"value": pl.String})
    cards = long.filter(pl.Series([is_card_number(text) for text in long["value"]], dtype=pl.Boolean))
    return {"card_number": int(cards["count"].sum())} | found


def checked(texts: pl.Series, candidates: pl.Series, check: Callable[[str], bool] | None) -> pl.Series:
    """Which of the candidates stand a check, if there is one."""
    if check is None:
        return candidates
    pairs = zip(texts, candidates, strict=True)
    return pl.Series([is_candidate and check(text) for text, is_candidate in pairs], dtype=pl.Boolean)


def _standing(texts: pl.Series, candidates: pl.Series, meaning: Meaning) -> pl.Series:
    """Which of the candidates have a meaning; none where they may seem so by chance."""
    standing = checked(texts, candidates, meaning.check)
    by_chance = is_by_chance(int(standing.sum()), int(candidates.sum()), share=meaning.chance)
    return standing & (not by_chance) if meaning.chance else standing
