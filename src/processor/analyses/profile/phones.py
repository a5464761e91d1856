"""Whether a text is the number of a telephone: in the world's form, or in one of those that countries use at home.

What tells numbers of telephones from other long ones is the country, which says how many digits may follow it (ITU-T
E.164 and its list of assigned codes); at home the zero that begins nearly all of them, or the North American form.
"""

import re
from typing import Final

# Digits that follow a country's code, as the countries told the ITU: at least, at most. Short numbers, which are no
# person's, are left out; so are the codes of services (800, 808, 979).
_COUNTRIES: Final = {
    (4, 5): "247 290",
    (4, 7): "683 690",
    (5, 5): "500 682",
    (5, 7): "676 677 678 685 688",
    (5, 8): "686",
    (6, 6): "298 299 672 681 687",
    (6, 7): "597",
    (6, 8): "53 689",
    (6, 9): "252 352 376 508",
    (6, 10): "46 378",
    (6, 11): "39 358",
    (6, 13): "43 49",
    (7, 7): "220 238 239 246 248 269 291 297 501 592 673 674 679 680 691 692 960",
    (7, 8): "230 241 267 372 507 599 670 675 961 965 968 974",
    (7, 9): "231 243 245 265 353 354 359 423 595 967",
    (7, 10): "95",
    (7, 12): "62",
    (8, 8): "45 47 65 216 222 223 226 227 228 232 235 236 253 257 266 268 350 356 357 370 371 373 374 382 386 389 502"
            " 503 504 505 506 509 591 598 852 853 973 976 993",
    (8, 9): "32 36 51 66 213 218 224 237 250 258 264 355 377 381 383 385 387 593 855 886 962 963 966 970 971 972",
    (8, 10): "20 57 60 63 64 229 234 254 263 850 856 880 881 964 977",
    (8, 11): "82",
    (7, 13): "870 878 882 883",
    (9, 9): "27 33 34 40 41 48 56 61 93 94 211 212 221 233 240 242 244 249 251 255 256 260 261 262 351 375 380 420 421"
            " 590 594 596 992 994 995 996 998",
    (9, 10): "44 81 84 92",
    (9, 11): "31 86",
    (10, 10): "1 7 30 52 58 90 91 98 225",
    (10, 11): "54 55",
}  # fmt: skip
_LENGTHS: Final = {code: lengths for lengths, codes in _COUNTRIES.items() for code in codes.split()}

_EXTENSION: Final = r"(?:[ ,]{0,2}(?i:ext\.?|extension|x) ?\d{1,6})?"
LOOK: Final = rf"(?i:tel:)?(?:\+ ?|-|\()?\d(?:[ ().\u00a0/-]{{0,3}}\d){{6,17}}{_EXTENSION}"
"""A regular expression for whatever may be one, for other numbers in groups, and for what is less than nothing."""

# Inside of a text: with the country, in the North American form, or behind a word that says what it is.
INSIDE: Final = (
    r"(?:^|[^\w+.])\+[1-9](?:[ ().\u00a0/-]{0,3}[0-9]){6,17}\b"
    r"|(?:^|[\s:;,])(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[-.])[2-9][0-9]{2}[-.][0-9]{4}\b"
    r"|\b(?i:tel|telephone|telefon|phone|fon|mobile|mobil|handy|cell|call|fax)(?:[.:]{1,2} ?| )"
    r"\(?0[1-9](?:[ ()/-]{0,3}[0-9]){6,12}\b"
)
"""A regular expression for what may be one inside of a text; it takes what stands directly before it, too."""

_OUTSIDE: Final = re.compile(rf"(?i:tel:)?(.*?){_EXTENSION}")
_BEFORE: Final = re.compile(r"^[^+(\d]+")
_TRUNK: Final = re.compile(r"\(0\)")
_DIGITS: Final = re.compile(r"\d+")
_NOT_DIGITS: Final = re.compile(r"\D+")
_NORTH_AMERICAN: Final = re.compile(r"(?:1[ .-]?)?(?:\([2-9]\d\d\)[ -]?|[2-9]\d\d([ .-]))[2-9]\d\d[ .-]\d{4}")
_WITH_COUNTRY: Final = re.compile(r"\d{1,3}-\d{3}-\d{3}-\d{4}")
_AREA_IN_BRACKETS: Final = re.compile(r"\(0?\d{1,5}\)[ /-]{0,3}\d{2,9}(?:[ -]\d{2,6}){0,4}")
_ZERO_FIRST: Final = re.compile(r"0[1-9]\d{0,4}(?: ?[/-] ?| )\d{2,9}(?:[ -]\d{2,6}){0,4}")
_PAIRS: Final = re.compile(r"0[1-9](?:[ .]\d\d){4}|0[1-9](?:-\d\d){4}")
_AT_HOME: Final = range(9, 13)  # digits, the zero among them
_LOTTERY: Final = "80"  # no lottery draws higher numbers


def is_phone(text: str) -> bool:
    """Whether all of a text is one; bare digits without a plus are none, since they can be anything."""
    found = _OUTSIDE.fullmatch(text.replace("\xa0", " "))
    number = found[1] if found else text
    if number.isdigit():
        return False
    if number.startswith(("+", "00")):
        return _is_of_a_country(number)
    if _NORTH_AMERICAN.fullmatch(number) or _WITH_COUNTRY.fullmatch(number):
        return True
    return _is_at_home(number)


def is_phone_at_start(text: str) -> bool:
    """Whether what `INSIDE` found begins with one: groups of digits that follow may be numbers of their own."""
    number = _BEFORE.sub("", text.replace("\xa0", " "))
    ends = [found.end() for found in _DIGITS.finditer(number)]
    return any(is_phone(number[:end]) for end in reversed(ends))


def _is_of_a_country(number: str) -> bool:
    digits = _NOT_DIGITS.sub("", _TRUNK.sub("", number))
    digits = digits if number.startswith("+") else digits.removeprefix("00")
    for size in (1, 2, 3):  # no code begins another
        lengths = _LENGTHS.get(digits[:size])
        if lengths is not None:
            rest = digits[size:]
            return lengths[0] <= len(rest) <= lengths[1] and (size > 1 or _fits_plan(digits[0], rest))
    return False


def _fits_plan(code: str, rest: str) -> bool:
    """North America: area and exchange begin with 2 to 9. Russia and Kazakhstan: areas begin with 3 to 9."""
    return rest[0] in "23456789" and rest[3] in "23456789" if code == "1" else rest[0] in "3456789"


def _is_at_home(number: str) -> bool:
    if _PAIRS.fullmatch(number):
        pairs = re.split(r"[ .-]", number)
        return pairs != sorted(set(pairs)) or pairs[-1] > _LOTTERY  # else numbers that were drawn
    if not (_ZERO_FIRST.fullmatch(number) or _AREA_IN_BRACKETS.fullmatch(number)):
        return False
    groups = _NOT_DIGITS.split(number.strip("("))
    same = len(groups) > 2 and {len(group) for group in groups} <= {2, 4} and len({len(group) for group in groups}) == 1
    return sum(map(len, groups)) in _AT_HOME and not same
