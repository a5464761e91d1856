"""Checks of a single text that a regular expression cannot make: digits that must add up, addresses, JSON."""

import ipaddress
import json
import string

_LETTERS = {letter: str(10 + number) for number, letter in enumerate(string.ascii_uppercase)}
# ISO 13616, the registry of IBAN formats: countries by the length of their numbers.
_IBAN_COUNTRIES = {
    15: "NO",
    16: "BE",
    18: "DK FI FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HU LB PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU",
    31: "MT SC",
    32: "LC",
}
_IBAN_LENGTHS = {code: length for length, codes in _IBAN_COUNTRIES.items() for code in codes.split()}


def is_iban(text: str) -> bool:
    """An international bank account number: length of its country, remainder 1 of 97 (ISO 7064)."""
    plain = text.replace(" ", "").upper()
    if len(plain) != _IBAN_LENGTHS.get(plain[:2]):
        return False
    digits = "".join(_LETTERS.get(letter, letter) for letter in plain[4:] + plain[:4])
    return digits.isdecimal() and int(digits) % 97 == 1


def is_iban_at_start(text: str) -> bool:
    """Whether it begins with one: what follows in capitals, such as a currency, may be a word of its own."""
    plain = text.replace(" ", "")
    return is_iban(plain[: _IBAN_LENGTHS.get(plain[:2], 0)])


def is_card_number(text: str) -> bool:
    """A payment card's number: 13 to 19 digits of a known scheme, the last a check digit (Luhn; ISO/IEC 7812)."""
    digits = text.replace(" ", "").replace("-", "")
    if not 13 <= len(digits) <= 19 or digits[0] not in "23456" or len(set(digits)) == 1:
        return False
    doubled = [int(digit) * 2 for digit in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(number // 10 + number % 10 for number in doubled)) % 10 == 0


def is_ip_address(text: str) -> bool:
    """An address of the internet, version 4 or 6."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_json(text: str) -> bool:
    """An object or an array in JSON."""
    try:
        return isinstance(json.loads(text), (dict, list))
    except (ValueError, RecursionError):
        return False
