"""Bodies that are refused before anybody is asked what they mean."""

import httpx2
import pytest


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "body_invalid"),
        (b'{"kind": NaN}', 400, "body_invalid"),
        (b"\xff\xfe", 400, "body_invalid"),
        (b"[" * 10_000, 400, "body_invalid"),
        (b"[" + b" " * 20_000 + b"]", 413, "too_large"),
        (b"", 400, "body_invalid"),
        (b"[]", 422, "request_invalid"),
    ],
)
async def test_a_body_that_is_no_task_is_refused(
    at_the_door: httpx2.AsyncClient, body: bytes, status: int, code: str
) -> None:
    answer = await at_the_door.post("/v1/tasks", content=body, headers={"content-type": "application/json"})

    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("sent", ["application/x-www-form-urlencoded", "text/plain", "", "multipart/mixed"])
async def test_another_content_type_is_told_which(at_the_door: httpx2.AsyncClient, sent: str) -> None:
    answer = await at_the_door.post("/v1/tasks", content=b"{}", headers={"content-type": sent})

    assert (answer.status_code, answer.json()["code"]) == (415, "media_type_unsupported")
