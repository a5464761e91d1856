"""Personal data somewhere inside of texts: in notes, logs and messages, where the text as a whole means nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from processor.analyses.profile.chance import is_by_chance
from processor.analyses.profile.checks import is_card_number, is_iban_at_start
from processor.analyses.profile.meanings import BY_NAME, MAIL, Meaning, checked
from processor.analyses.profile.phones import INSIDE, is_phone_at_start

# Not after a plus: that is a telephone's.
_CARD = (
    r"(?:^|[^\w+])(?:[0-9]{13,19}|[0-9]{4}(?: [0-9]{4}){3}|[0-9]{4}(?:-[0-9]{4}){3}|[0-9]{4}[ -][0-9]{6}[ -][0-9]{5})\b"
)
_IBAN = r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}\b"
_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
# Not after a slash: browsers call themselves `Chrome/120.0.0.0`, and what stands in a URL is a machine's.
_ADDRESS = rf"""(?:^|[\s\[("'=@,;])(?:{_BYTE}\.){{3}}{_BYTE}(?:$|[\s\])"',;:/])"""


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


def _is_card_number_at_end(text: str) -> bool:
    return is_card_number(text if text[0].isdecimal() else text[1:])


_SOUGHT: Mapping[str, _Sought] = {
    "email": _Sought(form=MAIL),
    "iban": _Sought(form=_IBAN, check=is_iban_at_start, chance=1 / 97),
    "card_number": _Sought(form=_CARD, check=_is_card_number_at_end, chance=1 / 10),
    "ip_address": _Sought(form=_ADDRESS),
    "phone": _Sought(form=INSIDE, check=is_phone_at_start, chance=1 / 3),
}


def inside_texts(counts: pl.DataFrame) -> dict[str, int]:
    """In how many texts there is personal data of each sort; what is all of a text is not inside of it."""
    return {name: _count(counts, sought, whole=BY_NAME[name]) for name, sought in _SOUGHT.items()}


def _count(counts: pl.DataFrame, sought: _Sought, *, whole: Meaning) -> int:
    text = pl.col("value").str.strip_chars()
    holding = counts.filter(text.str.contains(sought.form)).with_columns(text)
    fits = holding.select(pl.col("value").str.contains(f"^(?:{whole.form})$")).to_series()
    holding = holding.filter(~checked(holding["value"], fits, whole.check))
    if sought.check is None:
        return int(holding["count"].sum())
    found = holding.select(pl.col("value").str.extract_all(sought.form).alias("found"), "count")
    candidates = found.with_row_index().explode("found")
    every = candidates["found"]
    passes = checked(every, every.is_not_null(), sought.check)
    if is_by_chance(int(passes.sum()), every.len(), share=sought.chance):
        return 0
    return int(candidates.filter(passes).unique("index")["count"].sum())
