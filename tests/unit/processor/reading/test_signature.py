import io
import os
import zipfile
from pathlib import Path

import pytest

from common.errors import InputError
from processor.reading.packing import Packing
from processor.reading.signature import Format, format_of, packing_of, refuse


def told(folder: Path, content: bytes) -> tuple[Packing, Format]:
    path = folder / "data.csv"
    path.write_bytes(content)
    packing = packing_of(path)
    return packing, format_of(content, path) if packing is Packing.NONE else Format.CSV


def archive(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name in names:
            file.writestr(name, "a,b\n1,2\n")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (b"a,b\n1,2\n", Format.CSV),
        ("a,b\n1,2\n".encode("utf-16"), Format.CSV),
        ("a,b\n1,2\n".encode("utf-16-be"), Format.CSV),
        (b"PAR1\x15\x04\x15\x20", Format.PARQUET),
        (b"PAR1,PAR2\n1,2\n", Format.CSV),
        (b"ORCID,name\n1,2\n", Format.CSV),
        (b"ARROW1,ARROW2\n1,2\n", Format.CSV),
        (b"GIF8,GIF9\n1,2\n", Format.CSV),
        (b"BZhang,name\n1,2\n", Format.CSV),
        (b"ARROW1\0\0", Format.ARROW),
        (b"\xff\xff\xff\xff\x10\0\0\0", Format.ARROW_STREAM),
        (b"Obj\x01", Format.AVRO),
        (b'{"a": 1}\n', Format.JSON),
        (b'\xef\xbb\xbf [ {"a": 1}]', Format.JSON),
        (b"[]", Format.JSON),
        (b"{a},{b}\n", Format.CSV),
        (b"[1],[2]\n", Format.CSV),
        (b"[section]\nkey = value\n", Format.CSV),
        (b"[1] one\n[2] two\n", Format.CSV),
        (b'[["a", "b"], [0, 0]]', Format.JSON),
        (b"[1, 2, 3]\n", Format.JSON),
        (b"[1, 2]\n[3, 4]\n", Format.JSON),
        (b"[" + b"123, " * 1000, Format.JSON),
        ('[{"a": 1}]'.encode("utf-16"), Format.JSON),
        (archive("[Content_Types].xml", "xl/workbook.xml"), Format.EXCEL),
    ],
)
def test_the_bytes_say_what_it_is_not_the_name(tmp_path: Path, content: bytes, form: Format) -> None:
    assert told(tmp_path, content) == (Packing.NONE, form)


@pytest.mark.parametrize(
    ("content", "packing"),
    [
        (b"\x1f\x8b\x08\x00", Packing.GZIP),
        (b"\x28\xb5\x2f\xfd\x00", Packing.ZSTD),
        (b"BZh91AY", Packing.BZIP2),
        (archive("data.csv"), Packing.ZIP),
    ],
)
def test_what_is_around_the_table_is_told_too(tmp_path: Path, content: bytes, packing: Packing) -> None:
    assert told(tmp_path, content)[0] is packing


@pytest.mark.parametrize("content", [b"", b"\n\n  \r\n", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_a_file_without_content_is_said_to_be_empty(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError, match="empty"):
        told(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "PNG image"),
        (b"%PDF-1.7\n", "PDF document"),
        (b"<!DOCTYPE html><html><body>404</body>", "web page"),
        (b"\xef\xbb\xbf  <?xml version='1.0'?>", "web page or XML"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Office document"),
        (archive("[Content_Types].xml", "word/document.xml"), "Office document of another kind"),
        (archive("META-INF/manifest.xml", "content.xml"), "Office document of another kind"),
        (bytes(range(256)) * 8, "binary"),
        (b"ORC\n\x0b\n\x03\0\0\0" + bytes(50), "ORC file"),
    ],
)
def test_what_is_no_table_is_named(tmp_path: Path, content: bytes, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        told(tmp_path, content)


def test_random_bytes_are_no_table(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        told(tmp_path, b"\x00\x01" + os.urandom(5000))


def test_markup_is_seen_behind_compression_too() -> None:
    with pytest.raises(InputError, match="web page"):
        refuse(b"\n<html>")


def test_what_is_text_by_the_word_of_the_caller_is_not_looked_at_so_closely() -> None:
    chinese = "编号,名字\n一,二\n".encode("utf-16-le")
    with pytest.raises(InputError, match="binary data"):
        refuse(chinese)

    refuse(chinese, is_text=True)
    refuse(b"<html>,b\n1,2\n", is_text=True)
    with pytest.raises(InputError, match="PNG"):
        refuse(b"\x89PNG\r\n\x1a\n", is_text=True)
