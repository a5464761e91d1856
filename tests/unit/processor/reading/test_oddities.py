from pathlib import Path

import pytest

from common.errors import InputError
from processor.reading.dialect import Dialect
from processor.reading.oddities import look_over
from processor.reading.packing import Packing
from processor.reading.plan import Plan

BORDER = 1 << 20  # where one piece ends and the next begins


def plan_of(folder: Path, content: bytes, *, delimiter: str = ",") -> Plan:
    path = folder / "data.csv"
    path.write_bytes(content)
    return Plan(path=path, dialect=Dialect(delimiter=delimiter, quote='"', header=True), newline="\n")


def with_a_field(field: bytes, *, at: int) -> bytes:
    """Rows of which one has this field, which begins at this byte."""
    before = b'n,"word"\n' + b"1,x\n" * (at // 4 - 5)
    return before + b"1" * (at - len(before) - 1) + b"," + field + b'\n2,"y""y"\n'


@pytest.mark.parametrize("shift", range(-5, 3))
@pytest.mark.parametrize("letter", ["a", "ä", "字"])
def test_a_quote_that_is_not_doubled_is_seen_wherever_the_file_is_cut(tmp_path: Path, shift: int, letter: str) -> None:
    field = f'"{letter}"{letter}"'.encode()

    odd = look_over(plan_of(tmp_path, with_a_field(field, at=BORDER + shift)), quotes=True)

    assert (odd.quotes, odd.blank) == (True, False)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "]", "\\", "-", " "])
def test_quotes_beside_any_delimiter_are_where_they_may_be(tmp_path: Path, delimiter: str) -> None:
    content = '"n"D"word"D"m"\n1D"a/""b""/c"D2\nD""D\n'.replace("D", delimiter).encode()

    odd = look_over(plan_of(tmp_path, content, delimiter=delimiter), quotes=True)

    assert (odd.quotes, odd.blank) == (False, False)


def test_quotes_are_not_looked_for_unless_asked_for_and_blank_lines_always_are(tmp_path: Path) -> None:
    odd = look_over(plan_of(tmp_path, b'n,word\n1,"a"b"\n\n'), quotes=False)

    assert (odd.quotes, odd.blank) == (False, True)


def test_a_damaged_file_is_told_as_such(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, b"no archive at all")

    with pytest.raises(InputError, match="gzip data is damaged"):
        look_over(Plan(path=plan.path, dialect=plan.dialect, newline="\n", packing=Packing.GZIP), quotes=True)
