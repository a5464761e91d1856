"""What came out of a task."""

import json
from uuid import UUID

import asyncpg
import httpx2

from helpers.factories import an_artifact, finished_task, queued_task, running_task
from helpers.storage import Stored, stored_artifact

CONTENT = bytes(range(256)) * 20


async def test_a_result_is_given_as_it_was_written(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    envelope = {"kind": "profile", "data": {"big": "9007199254740993", "odd": "\x00é\ud800"}}
    task = await finished_task(connection, envelope=envelope)
    answer = await client.get(f"/v1/tasks/{task}/result")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert json.loads(answer.content) == envelope


async def test_who_has_the_result_is_told_so(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    task = await finished_task(connection)
    etag = (await client.get(f"/v1/tasks/{task}/result")).headers["etag"]
    answer = await client.get(f"/v1/tasks/{task}/result", headers={"if-none-match": etag})

    assert (answer.status_code, answer.content) == (304, b"")


async def test_a_task_that_has_not_ended_has_no_result_yet(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    for identity in (await queued_task(connection), (await running_task(connection)).id):
        answer = await client.get(f"/v1/tasks/{identity}/result")

        assert (answer.status_code, answer.json()["code"]) == (409, "result_not_ready")
        assert answer.headers["retry-after"] == "1"


async def test_a_failed_task_says_why(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    error = {"code": "timed_out", "message": "It took too long.", "advice": "Allow more time."}
    task = await finished_task(connection, state="failed", error=error)
    answer = await client.get(f"/v1/tasks/{task}/result")

    assert (answer.status_code, answer.json()["code"]) == (409, "task_failed")
    assert (answer.json()["detail"], answer.json()["advice"]) == ("It took too long.", "Allow more time.")
    assert answer.json()["error"] == error


async def test_a_cancelled_task_has_none(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    task = await finished_task(connection, state="cancelled")
    answer = await client.get(f"/v1/tasks/{task}/result")

    assert (answer.status_code, answer.json()["code"]) == (409, "task_cancelled")


async def test_a_result_that_is_no_longer_kept_is_gone(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    task = await finished_task(connection)
    await connection.execute("DELETE FROM result")
    answer = await client.get(f"/v1/tasks/{task}/result")

    assert (answer.status_code, answer.json()["code"]) == (410, "result_gone")


async def test_artifacts_are_listed(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    task = await finished_task(connection)
    await an_artifact(connection, task, name="b ä.html")
    await an_artifact(connection, task, name="a.parquet", media_type="application/vnd.apache.parquet")
    answer = await client.get(f"/v1/tasks/{task}/artifacts")
    again = await client.get(f"/v1/tasks/{task}/artifacts", headers={"if-none-match": answer.headers["etag"]})
    artifacts = answer.json()["artifacts"]

    assert [artifact["name"] for artifact in artifacts] == ["a.parquet", "b ä.html"]
    assert artifacts[1]["urls"]["self"] == f"/v1/tasks/{task}/artifacts/b%20%C3%A4.html"
    assert set(artifacts[0]) == {"name", "bytes", "sha256", "media_type", "urls"}
    assert (again.status_code, again.content) == (304, b"")


async def test_an_artifact_is_given_with_its_name_and_a_policy(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, stored: Stored
) -> None:
    url = await stored_artifact(connection, stored, CONTENT, name='ä "1".bin')
    answer = await client.get(url)

    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''%C3%A4%20%221%22.bin"
    assert answer.headers["content-security-policy"].startswith("sandbox;")
    assert answer.headers["accept-ranges"] == "bytes"


async def test_a_range_of_an_artifact(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, stored: Stored
) -> None:
    url = await stored_artifact(connection, stored, CONTENT)
    for header, start, end in (("bytes=0-99", 0, 100), ("bytes=5000-", 5000, 5120), ("bytes=-1", 5119, 5120)):
        answer = await client.get(url, headers={"range": header})

        assert (answer.status_code, answer.content) == (206, CONTENT[start:end])
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/5120"
        assert answer.headers["content-length"] == str(end - start)


async def test_a_range_outside_of_an_artifact(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, stored: Stored
) -> None:
    answer = await client.get(await stored_artifact(connection, stored, CONTENT), headers={"range": "bytes=5120-"})

    assert (answer.status_code, answer.json()["code"]) == (416, "range_not_satisfiable")
    assert answer.headers["content-range"] == "bytes */5120"


async def test_the_head_of_an_artifact(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, stored: Stored
) -> None:
    answer = await client.head(await stored_artifact(connection, stored, CONTENT))

    assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, "5120", b"")


async def test_of_a_head_a_range_is_none(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, stored: Stored
) -> None:
    answer = await client.head(await stored_artifact(connection, stored, CONTENT), headers={"range": "bytes=0-9"})

    assert (answer.status_code, answer.headers["content-length"]) == (200, "5120")


async def test_an_etag_may_stand_in_any_of_several_lines(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, stored: Stored
) -> None:
    path = await stored_artifact(connection, stored, CONTENT)
    etag = (await client.head(path)).headers["etag"]
    answer = await client.get(path, headers=[("if-none-match", '"other"'), ("if-none-match", etag)])

    assert answer.status_code == 304


async def test_an_artifact_whose_bytes_are_lost_is_gone(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    task = await finished_task(connection)
    await an_artifact(connection, task, name="a.html")
    answer = await client.get(f"/v1/tasks/{task}/artifacts/a.html")

    assert (answer.status_code, answer.json()["code"]) == (410, "blob_missing")


async def test_an_unknown_artifact_is_not_found(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    task = await finished_task(connection)
    for name in ("b.html", "../a.html", "a%00", "a/b"):
        assert (await client.get(f"/v1/tasks/{task}/artifacts/{name}")).status_code == 404


async def test_an_unknown_artifact_is_answered_with_those_that_there_are(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    async def advice(name: str) -> str:
        return str((await client.get(f"/v1/tasks/{task}/artifacts/{name}")).json()["advice"])

    task = await finished_task(connection)
    assert await advice("b.html") == "The task has none."
    await an_artifact(connection, task, name="a.html")
    await an_artifact(connection, task, name="b.csv")
    assert await advice("b.html") == "The task has a.html, b.csv."
    task = UUID(int=7)
    assert await advice("b.html") == "Check the id in the URL."
