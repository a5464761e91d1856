"""Bodies that are not what they code, or not all of it: refused unread, since they would be kept as they are."""

import gzip
from collections.abc import AsyncIterator

import httpx2
import pytest

from helpers.storage import Stored

CSV = b"a,b\n1,2\n"


async def untouchable() -> AsyncIterator[bytes]:
    raise AssertionError("the body was read")
    yield b""


@pytest.mark.parametrize("sent", ["bytes 20-71/72", "bytes 0-7/8", "nothing", ""])
async def test_a_part_of_a_file_is_not_taken_for_the_whole(
    at_the_door: httpx2.AsyncClient, stored: Stored, sent: str
) -> None:
    headers = {"content-range": sent, "expect": "100-continue"}
    answer = await at_the_door.put("/v1/datasets/rides.csv", content=untouchable(), headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (400, "partial_upload")
    assert stored.files() == []


@pytest.mark.parametrize(
    ("method", "path", "media_type"),
    [
        ("PUT", "/v1/datasets/a.csv", "text/csv"),
        ("POST", "/v1/datasets", "multipart/form-data; boundary=XX"),
        ("POST", "/v1/tasks", "multipart/form-data; boundary=XX"),
        ("POST", "/v1/tasks", "application/json"),
        ("POST", "/v1/tasks/batch", "application/json"),
        ("POST", "/v1/tasks/01a202b5-f227-7cc4-9a41-a44f52e85de4/retry", "application/json"),
    ],
)
@pytest.mark.parametrize("coding", ["gzip", "GZIP", "br, identity"])
async def test_a_coded_body_is_refused_unread(
    at_the_door: httpx2.AsyncClient, stored: Stored, method: str, path: str, media_type: str, coding: str
) -> None:
    headers = {"content-type": media_type, "content-encoding": coding, "expect": "100-continue"}
    answer = await at_the_door.request(method, path, content=untouchable(), headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (415, "media_type_unsupported")
    assert answer.headers["accept-encoding"] == "identity"
    assert "without that header" in answer.json()["advice"]
    assert stored.files() == []


@pytest.mark.parametrize("codings", [["identity", "gzip"], ["", "br"], ["deflate", "identity"]])
async def test_a_coding_in_any_of_several_headers_is_refused(
    at_the_door: httpx2.AsyncClient, stored: Stored, codings: list[str]
) -> None:
    headers = [*(("content-encoding", coding) for coding in codings), ("expect", "100-continue")]
    answer = await at_the_door.put("/v1/datasets/a.csv", content=untouchable(), headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (415, "media_type_unsupported")
    assert stored.files() == []


@pytest.mark.parametrize("coding", ["identity", "Identity", "", "identity, identity"])
async def test_a_body_that_says_that_it_is_plain_is_taken(client: httpx2.AsyncClient, coding: str) -> None:
    packed = gzip.compress(CSV)
    answer = await client.put("/v1/datasets/a.csv.gz", content=packed, headers={"content-encoding": coding})

    assert (answer.status_code, answer.json()["bytes"]) == (201, len(packed))
