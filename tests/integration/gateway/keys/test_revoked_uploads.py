"""Uploads that were let in, by a key that is revoked before they end: nothing is made of them."""

from pathlib import Path

import asyncpg
import httpx2
import pytest

from helpers.eventually import eventually
from helpers.factories import a_kind, a_processor
from helpers.gateways import RunningGateway
from helpers.keys import a_key, bearer
from helpers.raw_http import connected_to
from sundog.keys import Keys

CSV = b"a,b\n1,2\n"
FILE = b'--XX\r\nContent-Disposition: form-data; name="data"; filename="a.csv"\r\n\r\na,b\n1,2\n\r\n'
KIND = b'--XX\r\nContent-Disposition: form-data; name="kind"\r\n\r\nprofile\r\n'
FORM = "multipart/form-data; boundary=XX"


@pytest.mark.parametrize(
    ("method", "path", "media_type", "body"),
    [
        ("PUT", "/v1/datasets/a.csv", "text/csv", CSV),
        ("POST", "/v1/datasets", FORM, FILE + b"--XX--\r\n"),
        ("POST", "/v1/tasks", FORM, KIND + FILE + b"--XX--\r\n"),
    ],
)
async def test_what_ends_after_its_key_was_revoked_is_refused(
    guarded: RunningGateway,
    client: httpx2.AsyncClient,
    connection: asyncpg.Connection,
    tmp_path: Path,
    method: str,
    path: str,
    media_type: str,
    body: bytes,
) -> None:
    await a_kind(connection)
    await a_processor(connection)
    token = await a_key(connection)
    head = {"content-type": media_type, "content-length": str(len(body)), "expect": "100-continue"}

    async def is_shut_out() -> bool:
        return (await client.get("/v1/session", headers=bearer(token))).status_code == 401

    async with connected_to(guarded.url) as raw:
        await raw.request(path, method=method, headers=head | bearer(token))
        asked = [await raw.line(), await raw.line()]
        await raw.send(body[:-4])
        await Keys(connection).revoke(token.id)
        await eventually(is_shut_out)
        await raw.send(body[-4:])
        answer = await raw.answer(method=method)
        problem = await answer.json()

    assert asked == [b"HTTP/1.1 100 Continue", b""]
    assert (answer.status, problem["code"]) == (401, "key_refused")
    assert await connection.fetchval("SELECT (SELECT count(*) FROM dataset) + (SELECT count(*) FROM task)") == 0
    assert [each for each in (tmp_path / "storage").rglob("*") if each.is_file()] == []
