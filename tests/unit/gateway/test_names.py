import pytest

from gateway.errors import NameInvalidError
from gateway.names import dataset_name, media_type_of


@pytest.mark.parametrize(
    "name", ["flights.csv", "a", "...", "Größe 1.csv", "数据.parquet", "-rf", "x" * 255, "a'b\"c.csv"]
)
def test_any_plain_name_is_taken(name: str) -> None:
    assert dataset_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "a/b",
        "/etc/passwd",
        "..\\x",
        "a\x00b",
        "a\nb",
        "\x7f",
        "x" * 256,
        "a\ufffd",
        "\ud800",
        "a\u202eb",
    ],
)
def test_paths_and_invisible_characters_are_refused(name: str) -> None:
    with pytest.raises(NameInvalidError):
        dataset_name(name)


@pytest.mark.parametrize(
    ("name", "sent", "expected"),
    [
        ("a.csv", "", "text/csv"),
        ("a.CSV", "application/x-www-form-urlencoded", "text/csv"),
        ("a.parquet", "application/octet-stream", "application/vnd.apache.parquet"),
        ("a.csv.gz", "", "application/gzip"),
        ("a", "", "application/octet-stream"),
        ("a.csv", "Text/Plain; charset=utf-8", "text/plain"),
        ("a.csv", "x" * 1000, "text/csv"),
        ("a.csv", "text/\x00plain", "text/csv"),
    ],
)
def test_the_media_type_is_guessed_where_the_client_does_not_know(name: str, sent: str, expected: str) -> None:
    assert media_type_of(name, sent=sent) == expected
