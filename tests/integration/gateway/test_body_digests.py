"""Digests that come with a body."""

import hashlib
from base64 import b64encode

import asyncpg
import httpx2
import pytest

from helpers.asking import asked
from helpers.storage import Stored

CSV = b"a,b\n1,2\n"


def digest(body: bytes, algorithm: str = "sha256") -> str:
    return f":{b64encode(hashlib.new(algorithm, body).digest()).decode()}:"


@pytest.mark.parametrize("header", ["repr-digest", "content-digest"])
@pytest.mark.parametrize("name", ["sha-256", "sha-512"])
async def test_the_right_bytes_are_taken_and_others_are_not(
    client: httpx2.AsyncClient, stored: Stored, header: str, name: str
) -> None:
    value = f"{name}={digest(CSV, name.replace('-', ''))}"
    wrong = await client.put("/v1/datasets/a.csv", content=CSV + b"x", headers={header: value})
    kept = stored.files()
    right = await client.put("/v1/datasets/a.csv", content=CSV, headers={header: value})

    assert (wrong.status_code, wrong.json()["code"]) == (422, "digest_mismatch")
    assert kept == []
    assert right.status_code == 201


async def test_digests_of_unknown_algorithms_say_nothing(client: httpx2.AsyncClient) -> None:
    headers = {"content-digest": f"md5=:AAAA:, sha-256={digest(CSV)};note=1, unixsum=:AAA=:"}

    assert (await client.put("/v1/datasets/a.csv", content=CSV, headers=headers)).status_code == 201


@pytest.mark.parametrize("value", ["sha-256=abc", "sha-256=:AAAA:", "x", "sha-256=:A:", "", "sha-256=:%:"])
async def test_what_is_no_digest_is_refused(client: httpx2.AsyncClient, stored: Stored, value: str) -> None:
    answer = await client.put("/v1/datasets/a.csv", content=CSV, headers={"repr-digest": value})

    assert (answer.status_code, answer.json()["code"]) == (422, "header_invalid")
    assert stored.files() == []


@pytest.mark.usefixtures("offered")
async def test_json_bodies_are_compared_too(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    await asked(connection)
    headers = {"content-type": "application/json", "content-digest": f"sha-256={digest(b'other')}"}
    answer = await client.post("/v1/tasks", content=b"{}", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "digest_mismatch")


@pytest.mark.usefixtures("offered")
@pytest.mark.parametrize("path", ["/v1/datasets", "/v1/tasks"])
async def test_no_file_of_a_form_is_kept_that_broke_on_the_way(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, path: str
) -> None:
    form = b'--XX\r\nContent-Disposition: form-data; name="data"; filename="%s"\r\n\r\na,b\n1,2\n\r\n--XX--\r\n'
    headers = {"content-type": "multipart/form-data; boundary=XX", "content-digest": f"sha-256={digest(b'other')}"}
    before = await client.post("/v1/datasets", content=form % b"before.csv", headers=headers | {"content-digest": ""})
    kept = await client.put("/v1/datasets/before.csv", content=CSV)

    for name in (b"new.csv", b"before.csv"):
        answer = await client.post(path, content=form % name, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "digest_mismatch")

    assert before.status_code == 422  # an empty digest is none
    assert kept.status_code == 201
    assert await connection.fetchval("SELECT array_agg(name) FROM dataset") == ["before.csv"]
