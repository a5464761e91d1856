"""Numbers of telephones, and what has their look and is none."""

import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.profiling import profile_file
from processor.analyses.profile.phones import is_phone, is_phone_at_start

PHONES = [
    "+4915112345678",
    "+49 30 123456",
    "+49 (0)30 901820",
    "+1 (650) 253-0000",
    "+1 650-253-0000 ext. 12",
    "+44 20 7946 0958",
    "+91 98765 43210",
    "+33612345678",
    "+33\xa06\xa012\xa034\xa056\xa078",
    "0049 171 1234567",
    "tel:+49-30-123456",
    "030 1234567",
    "0171/1234567",
    "(030) 1234567",
    "01 23 45 67 89",
    "01.23.45.67.89",
    "650-253-0000",
    "(650) 253-0000",
    "650.253.0000",
    "1-800-555-1234",
    "020 7946 0958",
    "(11) 91234-5678",
    "0412 345 678",
    "090-1234-5678",
    "25-989-741-2988",
]
OTHERS = [
    "2020-01-02",
    "2024-01-02 10",
    "30-02-2024",
    "20240102-1234",
    "10.20.30",
    "192.168.10.20",
    "010.020.030.040",
    "00-11-22-33-44-55",
    "123-45-6789",
    "012-34-5678",
    "01234-5678",
    "978-3-16-148410-0",
    "0-306-40615-2",
    "0317-8471",
    "DE89 3704 0044 0532 0130 00",
    "3704 0044 0532",
    "08-99-99 12345678",
    "12-34-5678",
    "1234-5678-9012",
    "0123-4567-8901",
    "114-1234567-1234567",
    "612 345 678",
    "12 345 678 901",
    "1.234.567.890",
    "03 12 25 33 41",
    "+1234567",
    "+1 234 567 890",
    "+1 123 456 7890",
    "+999 123456789",
    "+0100",
    "4915112345678",
    "04915112345678",
    "-4915112345678",
]


def findings(folder: Path, texts: list[str]) -> list[tuple[str, str, int]]:
    path = folder / "data.parquet"
    pl.DataFrame({"t": texts}).write_parquet(path)
    column: dict[str, Any] = profile_file(path).columns["t"]
    return [(one["type"], one["where"], one["count"]) for one in column.get("pii", ())]


@pytest.mark.parametrize("text", PHONES)
def test_a_telephone_is_found_in_the_ways_in_which_they_are_written(tmp_path: Path, text: str) -> None:
    assert findings(tmp_path, [text]) == [("phone", "value", 1)]


@pytest.mark.parametrize("text", OTHERS)
def test_numbers_of_the_same_look_are_no_telephones(tmp_path: Path, text: str) -> None:
    assert "phone" not in {kind for kind, _, _ in findings(tmp_path, [text])}


@pytest.mark.parametrize("form", ["{:02}-{:07}", "{:05}-{:05}", "{:03} {:03} {:03}", "{:02}-{:02}-{:02}-{:02}-{:02}"])
def test_numbers_of_orders_of_which_some_begin_with_a_zero_are_no_telephones(tmp_path: Path, form: str) -> None:
    """A tenth of them stands every check that there is: the others tell what they are."""
    draw = random.Random(7)
    widths = [int(piece[0]) for piece in form.replace("}", "").split("{:0")[1:]]
    orders = [form.format(*(draw.randrange(10**width) for width in widths)) for _ in range(400)]

    assert sum(map(is_phone, orders)) >= 20
    assert findings(tmp_path, orders) == []


def test_differences_with_their_signs_are_no_telephones(tmp_path: Path) -> None:
    draw = random.Random(7)

    assert findings(tmp_path, [f"{draw.randint(-(10**10), 10**10):+d}" for _ in range(400)]) == []


def test_telephones_are_found_among_typing_errors_and_texts(tmp_path: Path) -> None:
    texts = ["+49 30 123456", "+49 30 12", "030 1234567", "+4930 1234 56", "0301", "none", "ask at the desk"]

    assert findings(tmp_path, texts) == [("phone", "value", 3)]


def test_numbers_of_orders_as_long_as_those_of_cards_are_no_cards(tmp_path: Path) -> None:
    """One of ten has the check digit."""
    assert findings(tmp_path, [str(4_000_000_000_000_000 + number * 7) for number in range(400)]) == []


def test_cards_among_typing_errors_are_found(tmp_path: Path) -> None:
    assert findings(tmp_path, ["4111111111111111", "4111111111111112"]) == [("card_number", "value", 1)]


@pytest.mark.parametrize(
    "text",
    [
        "call +49 30 901820, room 4",
        "call +49 30 901820 4 times, please",
        "my number is (650) 253-0000.",
        "650-253-0000 is mine",
        "Tel. 030 901820",
        "phone: 0171/1234567 today",
        '{"tel": "+4930901820"}',
    ],
)
def test_a_telephone_is_found_inside_of_a_text(tmp_path: Path, text: str) -> None:
    assert findings(tmp_path, [text, "nothing"]) == [("phone", "inside", 1)]


@pytest.mark.parametrize(
    "text",
    [
        "order 0123-4567-8901 is late",
        "see chapter 10.20.30 now",
        "ref 2024-01-02-0001",
        "2024-02-03 10:11:12.345678 done",
        "part 123-456-7890 is gone",
        "room 030 12",
        "1+12025550123 = 3",
        "call 030",
    ],
)
def test_other_numbers_inside_of_a_text_are_no_telephones(tmp_path: Path, text: str) -> None:
    assert findings(tmp_path, [text, "nothing"]) == []


@given(st.text(alphabet="+-()./ 0123456789xt:", max_size=40))
def test_any_text_of_signs_and_digits_is_judged(text: str) -> None:
    assert is_phone_at_start(text) or not is_phone(text.lstrip("-()./ xt:"))


@given(st.text(alphabet="0123456789", min_size=1, max_size=20))
def test_bare_digits_are_none(digits: str) -> None:
    assert not is_phone(digits)
