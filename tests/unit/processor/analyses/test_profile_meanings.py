from pathlib import Path
from typing import Any

import polars as pl
import pytest

from helpers.profiling import Profiled, profile_file
from processor.analyses.profile.meanings import BY_NAME, of_texts
from processor.analyses.profile.patterns import patterns

EXAMPLES = {
    "email": "a.b+c@example.co.uk",
    "url": "https://example.org/a?b=c",
    "uuid": "9f1b2c3d-1234-4abc-8def-1234567890ab",
    "iban": "DE89 3704 0044 0532 0130 00",
    "card_number": "4111 1111 1111 1111",
    "ip_address": "2001:db8::1",
    "mac_address": "00:1a:2b:3c:4d:5e",
    "social_security_number": "123-45-6789",
    "datetime": "2020-01-02T03:04:05Z",
    "date": "03.12.2020",
    "time": "12:30",
    "boolean": "Yes",
    "json": '{"a": [1]}',
    "markup": "<p>x</p>",
    "coordinates": "52.1, 13.2",
    "postal_code": "SW1A 1AA",
    "integer": "-5",
    "padded_integer": "007",
    "decimal": "1.5e3",
    "decimal_comma": "1.234,56",
    "grouped_number": "1,234.5",
    "percentage": "12 %",
    "money": "€ 5.00",
    "phone": "+49 30 123456",
    "digest": "d41d8cd98f00b204e9800998ecf8427e",
    "file_path": "/usr/lib/x.so",
}
NEARLY = [
    ("email", "a@b"),
    ("email", "@example.org"),
    ("iban", "DE89 3704 0044 0532 0130 01"),  # one digit off
    ("iban", "DE89 3704 0044 0532 0130"),  # too short
    ("card_number", "4111 1111 1111 1112"),
    ("card_number", "0000 0000 0000 0000"),
    ("ip_address", "256.1.1.1"),
    ("ip_address", "12:30"),
    ("uuid", "9f1b2c3d-1234-4abc-8def-1234567890a"),
    ("social_security_number", "666-45-6789"),
    ("date", "2020-13-01"),
    ("time", "24:00"),
    ("json", "{a}"),
    ("integer", "007"),
    ("padded_integer", "0"),
]


def meanings_of(text: str) -> set[str]:
    found = of_texts(pl.DataFrame({"value": [text], "count": [1]}))
    return {name for name, count in found.items() if count}


def profiled(folder: Path, texts: list[Any], **params: object) -> Profiled:
    path = folder / "data.parquet"
    pl.DataFrame({"t": texts}).write_parquet(path)
    return profile_file(path, **params)


def column_of(folder: Path, texts: list[Any], **params: object) -> dict[str, Any]:
    return profiled(folder, texts, **params).columns["t"]


def test_aircraft_are_no_postal_codes(tmp_path: Path) -> None:
    """Two thirds of them have the form of British ones, if not their letters."""
    aircraft = [f"N{number}{letters}" for number in range(100, 200) for letters in ("AA", "DN", "MQ")]
    assert column_of(tmp_path, [*aircraft, *(f"N{number}" for number in range(10_000, 10_100))]).get("meaning") is None
    codes = [f"EC{place}A {number}BB" for place in range(1, 5) for number in range(10)]
    assert column_of(tmp_path, codes)["meaning"]["type"] == "postal_code"


def test_every_meaning_has_an_example() -> None:
    assert EXAMPLES.keys() == BY_NAME.keys()


@pytest.mark.parametrize(("name", "text"), EXAMPLES.items())
def test_an_example_of_each_meaning_is_recognised(name: str, text: str) -> None:
    assert name in meanings_of(f" {text}\t")


@pytest.mark.parametrize(("name", "text"), NEARLY)
def test_what_only_looks_like_it_is_not(name: str, text: str) -> None:
    assert name not in meanings_of(text)


def test_a_column_has_the_meaning_of_most_of_its_values(tmp_path: Path) -> None:
    found = column_of(tmp_path, ["2020-01-02", "2021-03-04", "2021-03-05", "soon"])

    assert found["meaning"] == {"type": "date", "share": 0.75, "exact": True, "others": []}


def test_a_column_of_several_meanings_is_mixed(tmp_path: Path) -> None:
    found = column_of(tmp_path, ["a@b.de", "https://b.de/", "12:30", "x", "y"])

    assert found["meaning"]["type"] == "mixed"
    assert {other["type"] for other in found["meaning"]["others"]} == {"email", "url", "time"}


def test_one_address_among_many_texts_is_found(tmp_path: Path) -> None:
    found = column_of(tmp_path, ["a word"] * 999 + ["DE89370400440532013000"])

    assert found["pii"] == [{"type": "iban", "where": "value", "count": 1, "share": 0.001, "exact": True}]


def test_an_address_inside_of_a_text_is_found(tmp_path: Path) -> None:
    found = column_of(tmp_path, ["ask zoe@example.org, please", "nothing"])

    assert found["pii"] == [{"type": "email", "where": "inside", "count": 1, "share": 0.5, "exact": True}]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("card_number", "paid with 4111111111111111 on Monday"),
        ("card_number", "card 5500 0055 5555 5559, thanks"),
        ("card_number", '{"amex": "3400-000000-00009"}'),
        ("iban", "to DE89 3704 0044 0532 0130 00 please"),
        ("iban", "GB82WEST12345698765432 EUR"),
        ("phone", "call +49 30 901820, room 4"),
        ("ip_address", '- 192.0.2.17 - - "GET /"'),
        ("ip_address", "from 192.0.2.17:443, and back"),
    ],
)
def test_what_is_somebodys_is_found_inside_of_a_text(tmp_path: Path, kind: str, text: str) -> None:
    found = column_of(tmp_path, [text, "nothing", "nothing else"])

    assert [(one["type"], one["where"], one["count"]) for one in found["pii"]] == [(kind, "inside", 1)]


@pytest.mark.parametrize(
    "texts",
    [
        [f"order {4_000_000_000_000_000 + number * 7} is late" for number in range(300)],
        [f"part DE{number:02d}0000000000000000{number:02d} of the list" for number in range(100)],
        ["Mozilla/5.0 (X11) Chrome/120.0.0.0 Safari/537.36", "v1.2.3.4-beta", "http://192.0.2.1/index.html"],
        ["2024-02-03 10:11:12.345678 done", "1700000000000 started", "1+1234567890 = 3"],
        ["+1234567", "+2345678"],
    ],
    ids=["orders", "parts", "versions", "times", "signed"],
)
def test_numbers_of_other_things_are_nobodys(tmp_path: Path, texts: list[str]) -> None:
    assert "pii" not in column_of(tmp_path, texts)


@pytest.mark.parametrize("text", ["2024-02-29", "12/31/2024", "31/12/24", "Feb 29, 2024", "29-Feb-24"])
def test_a_day_of_the_calendar_is_a_date(tmp_path: Path, text: str) -> None:
    assert column_of(tmp_path, [text])["meaning"]["type"] == "date"


@pytest.mark.parametrize(
    "text", ["2024-02-30", "2023-02-29", "31.04.2024", "30 Feb 2024", "Feb 30, 2024", "1900-02-29"]
)
def test_a_day_that_no_calendar_has_is_none(tmp_path: Path, text: str) -> None:
    assert column_of(tmp_path, [text]).get("meaning", {}).get("type") != "date"
    assert column_of(tmp_path, [f"{text} 12:30"]).get("meaning", {}).get("type") != "datetime"


def test_card_numbers_are_found_in_a_column_of_numbers(tmp_path: Path) -> None:
    found = column_of(tmp_path, [4111111111111111, 5500005555555559, 340000000000009])

    assert (found["meaning"]["type"], found["pii"][0]["type"]) == ("card_number", "card_number")


@pytest.mark.parametrize(
    ("numbers", "meaning"),
    [([0, 1, 1], "flag"), ([1999, 2020], "year"), ([1_700_000_000, 1_700_000_001], "unix_seconds"), ([1, 5], None)],
)
def test_whole_numbers_have_meanings(tmp_path: Path, numbers: list[int], meaning: str | None) -> None:
    assert column_of(tmp_path, numbers).get("meaning", {}).get("type") == meaning


def test_meanings_of_many_values_are_estimated_within_their_error(tmp_path: Path) -> None:
    texts = [f"u{number}@example.org" if number % 3 else f"user {number}" for number in range(60_000)]

    meaning = column_of(tmp_path, texts)["meaning"]

    assert (meaning["type"], meaning["exact"], meaning["method"]) == ("email", False, "row sample")
    assert 0 < meaning["error"] < 0.05
    assert meaning["share"] == pytest.approx(2 / 3, abs=meaning["error"])


def test_patterns_tell_how_texts_are_built(tmp_path: Path) -> None:
    found = column_of(tmp_path, ["AB-12", "CD-34", "Éa 7", "AB-12"])["patterns"]

    assert [(each["pattern"], each["count"]) for each in found["values"]] == [("AA-99", 3), ("Aa 9", 1)]


def test_very_many_patterns_are_told_by_their_runs() -> None:
    texts = ["x" * letters + "-" + "1" * digits for letters in range(1, 8) for digits in range(1, 8)]

    found = patterns(pl.DataFrame({"value": texts, "count": [1] * 49}))

    assert found.rows() == [("a+-9+", 36), ("a+-9", 6), ("a-9+", 6), ("a-9", 1)]


def test_patterns_can_be_left_out(tmp_path: Path) -> None:
    assert column_of(tmp_path, ["a@b.de"], patterns=False).keys().isdisjoint({"meaning", "patterns", "pii"})
