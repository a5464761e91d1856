"""Values as a person reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.report.text import TEXT_CHARS, block, moment, number, plain, seconds, share, size, visible


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (-1234567, "-1,234,567"),
        (2.0, "2"),
        (0.1, "0.1"),
        (3.14159265, "3.1416"),
        (12345.678, "12,346"),
        (0.00001234, "1.234e-05"),
        (1e300, "1e+300"),
        (1e15, "1,000,000,000,000,000"),
        (1e15 + 7.5, "1,000,000,000,000,008"),
        (1e16, "1e+16"),
        ("9007199254740993", "9007199254740993"),
        (True, "True"),
    ],
)
def test_a_number_is_as_exact_as_it_is_useful(value: object, shown: str) -> None:
    assert number(value) == shown


@pytest.mark.parametrize(
    ("fraction", "shown"),
    [(0, "0 %"), (0.00001, "< 0.1 %"), (0.123456, "12.3 %"), (0.99999, "> 99.9 %"), (1, "100 %"), ("?", "?")],
)
def test_nothing_is_not_a_little_and_all_is_not_nearly_all(fraction: object, shown: str) -> None:
    assert share(fraction) == shown


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "0 bytes"), (1023, "1,023 bytes"), (1536, "1.5 KiB"), (5 << 30, "5 GiB"), (None, "None")]
)
def test_a_size_has_the_unit_that_fits(count: object, shown: str) -> None:
    assert size(count) == shown


@pytest.mark.parametrize(("amount", "shown"), [(0.0123, "12 ms"), (2.345, "2.3 s"), (125, "2 min 05 s"), ("x", "x")])
def test_a_duration_has_the_unit_that_fits(amount: object, shown: str) -> None:
    assert seconds(amount) == shown


def test_any_value_is_one_line() -> None:
    assert plain(None) == "—"
    assert plain([1, {"a_b": False}, None]) == "1, a_b: no, —"


@given(st.text())
def test_what_is_shown_is_bounded_and_can_be_seen(text: str) -> None:
    shown = visible(text)

    assert len(shown) <= 6 * TEXT_CHARS + 1
    assert all(character.isprintable() or character.isspace() for character in shown if ord(character) < 0xA0)
    assert "\u202e" not in shown
    assert "\n" not in shown


def test_a_longer_text_keeps_its_lines_and_is_escaped() -> None:
    assert block("SELECT 1\n  < 2\x07") == "SELECT 1\n  &lt; 2\\u0007"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2013-01-01T10:00:00.000000+00:00", "2013-01-01 10:00Z"),
        ("2013-07-03T09:22:54.639500+00:00", "2013-07-03 09:22:54.6395Z"),
        ("2013-01-01T00:00:30.000000", "2013-01-01 00:00:30"),
        ("2013-01-01T10:00:00.500+05:30", "2013-01-01 10:00:00.5+05:30"),
        ("-0044-03-15T12:00:00.000000", "-0044-03-15 12:00"),
        ("2013-01-10", "2013-01-10"),
        ("20:10:00", "20:10"),
        ("20:10:00.000000001", "20:10:00.000000001"),
        ("at 10:00:00", "at 10:00:00"),
    ],
)
def test_a_time_is_as_long_as_it_has_something_to_say(text: str, shown: str) -> None:
    assert moment(text) == shown
