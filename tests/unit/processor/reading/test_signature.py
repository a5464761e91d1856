import os
import zipfile
from pathlib import Path

import pytest

from common.errors import InputError
from processor.reading.signature import Signature, recognise, refuse


def told(folder: Path, content: bytes) -> Signature:
    path = folder / "data.csv"
    path.write_bytes(content)
    return recognise(path)


@pytest.mark.parametrize(
    ("content", "signature"),
    [
        (b"a,b\n1,2\n", Signature.TEXT),
        ("a,b\n1,2\n".encode("utf-16"), Signature.TEXT),
        ("a,b\n1,2\n".encode("utf-16-be"), Signature.TEXT),
        (b"PAR1....PAR1", Signature.PARQUET),
        (b"\x1f\x8b\x08\x00", Signature.GZIP),
        (b"\x28\xb5\x2f\xfd\x00", Signature.ZSTD),
    ],
)
def test_the_bytes_say_what_it_is_not_the_name(tmp_path: Path, content: bytes, signature: Signature) -> None:
    assert told(tmp_path, content) is signature


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
        (b'{"a": 1}\n', "JSON"),
        (b'[{"a": 1}]', "JSON"),
        (bytes(range(256)) * 8, "binary"),
    ],
)
def test_what_is_no_table_is_named(tmp_path: Path, content: bytes, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        told(tmp_path, content)


def test_a_zip_is_refused_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.csv", "a,b\n1,2\n")

    with pytest.raises(InputError, match="zip archive") as caught:
        recognise(path)

    assert caught.value.advice is not None
    assert "Unpack" in caught.value.advice


def test_random_bytes_are_no_table(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        told(tmp_path, os.urandom(5000))


def test_markup_is_seen_behind_compression_too() -> None:
    with pytest.raises(InputError, match="web page"):
        refuse(b"\n<html>")
