import gzip
from pathlib import Path

import pytest

from processor.reading.encoding import CHUNK, Encoding, copy_as_utf8, count_undecodable, detect
from processor.reading.packing import Packing, Unpacked

TEXT = "name,town\nÅsa,Malmö\nZoë,Liège\n"


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1252", "cp1252"),
    ],
)
def test_the_encoding_is_told_from_the_bytes(encoding: str, told: str) -> None:
    assert detect([TEXT.encode(encoding)]).name == told


def test_bytes_that_cp1252_does_not_have_mean_latin_1() -> None:
    assert detect([b"name\nca\xe9f\x81\n"]).name == "latin-1"


def test_a_piece_cut_inside_a_character_is_still_utf_8() -> None:
    encoded = ("å" * 100).encode()

    assert detect([b"plain\n", encoded[1:-1]]).name == "utf-8"


def test_a_piece_from_further_on_can_tell_that_it_is_not_utf_8() -> None:
    assert detect([b"plain\n", b"caf\xe9 au lait\n"]).name == "cp1252"


@pytest.mark.parametrize(("ends", "told"), [("\n", "\n"), ("\r\n", "\n"), ("\r", "\r")])
def test_line_ends_are_told(ends: str, told: str) -> None:
    assert detect([f"a{ends}b{ends}".encode()]).newline == told


@pytest.mark.parametrize("gzipped", [False, True])
def test_a_copy_is_the_same_text_in_utf_8(tmp_path: Path, *, gzipped: bool) -> None:
    text = "é,x\r" * (CHUNK // 3)
    raw = text.encode("utf-16")
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(gzip.compress(raw, 1) if gzipped else raw)

    with Unpacked(source, Packing.GZIP if gzipped else Packing.NONE) as file:
        lost = copy_as_utf8(file, target, encoding=Encoding(name="utf-16", newline="\r"))

    assert lost == 0
    assert target.read_text(encoding="utf-8") == text.replace("\r", "\n")


def test_what_is_no_utf_8_is_counted(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"a\xff\n" + b"x" * CHUNK + b"\xfe\n")

    with Unpacked(source, Packing.NONE) as file:
        assert count_undecodable(file) == 2
