"""Values as a person reads them in a report.

What came out of data is bounded and made visible first: a control character, or one that turns the direction of text
around, is shown as an escape. Escaping for HTML is not done here; the templates escape whatever they are given.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from markupsafe import Markup, escape

UNSEEN: Final = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
TEXT_CHARS: Final = 200
UNITS: Final = ("bytes", "KiB", "MiB", "GiB", "TiB")
KIBI: Final = 1024
SMALL, LARGE, EXACT = 1e-4, 1e4, 2.0**53
MINUTE_S: Final = 60
TIME: Final = re.compile(r"([+-]?\d{4,}-\d\d-\d\dT)?(\d\d:\d\d)(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)?")


def visible(text: object, limit: int = TEXT_CHARS) -> str:
    """At most `limit` characters of a text, with what cannot be seen made visible."""
    whole = str(text)
    cut = whole[:limit] + "…" if len(whole) > limit else whole
    return UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", cut)


def block(text: object, limit: int = 20_000) -> Markup:
    """A longer text, such as a query, with its lines kept."""
    return Markup("\n").join(escape(visible(line, limit)) for line in str(text)[:limit].split("\n"))


def number(value: object) -> str:
    """An integer in full, another number in five digits or more; integers beyond 2^53 arrive as text and stay it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return visible(value)
    if isinstance(value, int) or (value.is_integer() and abs(value) < EXACT):
        return f"{int(value):,}"
    if abs(value) >= EXACT or abs(value) < SMALL:
        return f"{value:.4g}"
    return f"{value:,.0f}" if abs(value) >= LARGE else f"{value:.5g}"


def share(fraction: object) -> str:
    """A fraction as a percentage; never 0 % of something or 100 % of not all."""
    if not isinstance(fraction, int | float):
        return visible(fraction)
    if 0 < fraction < 0.001:
        return "< 0.1 %"
    if 0.999 < fraction < 1:
        return "> 99.9 %"
    return f"{fraction * 100:.3g} %"


def size(count: object) -> str:
    """Bytes in the unit that fits."""
    if not isinstance(count, int | float):
        return visible(count)
    amount, unit = float(count), 0
    while amount >= KIBI and unit < len(UNITS) - 1:
        amount, unit = amount / KIBI, unit + 1
    return f"{amount:,.0f} {UNITS[unit]}" if unit == 0 else f"{amount:.3g} {UNITS[unit]}"


def seconds(amount: object) -> str:
    """A duration."""
    if not isinstance(amount, int | float):
        return visible(amount)
    if amount < 1:
        return f"{amount * 1000:.0f} ms"
    return f"{amount:.1f} s" if amount < MINUTE_S else f"{amount // MINUTE_S:.0f} min {amount % MINUTE_S:02.0f} s"


def moment(text: object) -> str:
    """An ISO time as a person writes it: zeros at its end, which say nothing, are left out."""
    found = TIME.fullmatch(str(text))
    if found is None:
        return visible(text)
    day, clock, second, fraction, zone = (part or "" for part in found.groups())
    fraction = fraction.rstrip("0").rstrip(".")
    if fraction or second != ":00":
        clock += second + fraction
    return day.replace("T", " ") + clock + zone.replace("+00:00", "Z")


def words(name: object) -> str:
    """The name of a figure as words: `null_share` becomes `null share`."""
    return visible(name).replace("_", " ")


def plain(value: object) -> str:
    """Any JSON value in a line."""
    match value:
        case None:
            return "—"
        case bool():
            return "yes" if value else "no"
        case Mapping():
            return visible(", ".join(f"{key}: {plain(part)}" for key, part in list(value.items())[:10]))
        case str():
            return visible(value)
        case Sequence():
            return visible(", ".join(plain(part) for part in value[:20]))
    return number(value)
