import itertools

import pytest

from processor.reading.dialect import sniff

ROWS = [["name", "age", "town"], ["Ada", "36", "London"], ["Grace", "85", "Arlington"], ["Alan", "41", "Wilmslow"]]


def written(delimiter: str, quote: str, newline: str, rows: list[list[str]]) -> str:
    return newline.join(delimiter.join(f"{quote}{cell}{quote}" for cell in row) for row in rows) + newline


@pytest.mark.parametrize(
    ("delimiter", "quote", "newline", "header"),
    list(itertools.product([",", ";", "\t", "|"], ["", '"'], ["\n", "\r\n", "\r"], [True, False])),
)
def test_delimiter_and_header_are_told_from_the_text(delimiter: str, quote: str, newline: str, header: bool) -> None:  # noqa: FBT001  # a parameter of the matrix
    found = sniff(written(delimiter, quote, newline, ROWS if header else ROWS[1:]))

    assert (found.delimiter, found.header) == (delimiter, header)


def test_a_delimiter_inside_quotes_does_not_count() -> None:
    assert sniff('a;b\n"1,2,3";"x,y,z"\n"4,5,6";"u,v,w"\n').delimiter == ";"


def test_decimal_commas_do_not_make_a_comma_the_delimiter() -> None:
    assert sniff("city;temp;rain\nOslo;1,5;2,5\nRome;20,25;0,0\n").delimiter == ";"


def test_one_column_is_read_with_a_comma() -> None:
    found = sniff("name\nAda\nGrace\n")

    assert (found.delimiter, found.header) == (",", True)


def test_only_text_keeps_its_first_line_as_the_header() -> None:
    assert sniff("first,second\nred,green\nblue,white\n").header


def test_names_that_are_years_are_still_names_where_more_columns_say_so() -> None:
    assert sniff("country,code,2020\nNorway,47,5.4\nItaly,39,59.5\n").header


def test_what_the_caller_says_is_taken() -> None:
    found = sniff("1,2\n3,4\n", delimiter=";", quote="", header=True)

    assert (found.delimiter, found.quote, found.header) == (";", None, True)
