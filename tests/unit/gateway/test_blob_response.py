"""Which bytes a Range header asks for."""

import pytest
from starlette.requests import Request

from gateway.blob_response import _range_asked
from gateway.errors import RangeError

ETAG = '"abc"'
SIZE = 10


def asked(**headers: str) -> tuple[int, int] | None:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return _range_asked(Request({"type": "http", "method": "GET", "headers": raw}), etag=ETAG, size=SIZE)


@pytest.mark.parametrize(
    ("header", "bytes_"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=2-4", (2, 5)),
        ("bytes=2-", (2, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-30", (0, 10)),
        ("bytes=9-999999", (9, 10)),
        ("bytes=0-1,3-4", None),
        ("lines=0-1", None),
        ("bytes=4-2", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("bytes=" + "9" * 100 + "-", None),
    ],
)
def test_a_range_is_sent_and_what_is_none_is_ignored(header: str, bytes_: tuple[int, int] | None) -> None:
    assert asked(range=header) == bytes_


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=11-12", "bytes=-0"])
def test_a_range_outside_is_refused(header: str) -> None:
    with pytest.raises(RangeError):
        asked(range=header)


def test_a_range_of_another_version_gets_the_whole() -> None:
    assert asked(range="bytes=0-1", if_range='"other"') is None
    assert asked(range="bytes=0-1", if_range=ETAG) == (0, 2)
