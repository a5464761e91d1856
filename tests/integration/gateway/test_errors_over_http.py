"""Errors over HTTP: each is a problem, and nothing internal leaks."""

import logging
import re

import asyncpg
import httpx2
import pytest

FIELDS = {"type", "title", "status", "code", "detail", "advice", "request_id"}


@pytest.mark.parametrize("path", ["/nothing", "/v1", "/v1/tasks/", "/v1/tasks/x/y/z", "/dashboard/../app.py"])
async def test_an_unknown_path_is_a_problem(at_the_door: httpx2.AsyncClient, path: str) -> None:
    answer = await at_the_door.get(f"http://localhost{path}")

    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert set(answer.json()) == FIELDS
    assert answer.json()["code"] == "not_found"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/tasks", "GET, HEAD, OPTIONS, POST"),
        ("GET", "/v1/tasks/x/cancel", "OPTIONS, POST"),
        ("PATCH", "/v1/datasets/x", "DELETE, GET, HEAD, OPTIONS, PUT"),
        ("POST", "/healthz", "GET, HEAD, OPTIONS"),
        ("BREW", "/", "GET, HEAD, OPTIONS"),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(
    at_the_door: httpx2.AsyncClient, method: str, path: str, allowed: str
) -> None:
    answer = await at_the_door.request(method, path)

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize(
    ("method", "path", "meant"),
    [
        ("PUT", "/v1/datasets", "Use GET or HEAD or OPTIONS or POST; or PUT /v1/datasets/{name}."),
        ("DELETE", "/v1/datasets", "Use GET or HEAD or OPTIONS or POST; or DELETE /v1/datasets/{id}."),
        ("PATCH", "/v1/datasets", "Use GET or HEAD or OPTIONS or POST."),
    ],
)
async def test_a_name_that_was_left_out_is_asked_for(
    at_the_door: httpx2.AsyncClient, method: str, path: str, meant: str
) -> None:
    """As by `curl -T FILE URL` without a slash at the end."""
    assert (await at_the_door.request(method, path)).json()["advice"] == meant


@pytest.mark.parametrize("accept", ["text/plain", "application/json, text/plain;q=0.5", "text/event-stream"])
async def test_a_task_that_would_be_followed_is_refused_in_the_form_that_was_asked_for(
    at_the_door: httpx2.AsyncClient, accept: str
) -> None:
    answer = await at_the_door.post("/v1/tasks", json={}, headers={"accept": accept})
    is_text = accept == "text/plain"

    assert answer.headers["content-type"].startswith("text/plain" if is_text else "application/problem+json")
    assert answer.text.startswith("422 request_invalid: /kind: is missing" if is_text else "{")


async def test_a_file_without_its_at_is_told_so(at_the_door: httpx2.AsyncClient) -> None:
    """As by `curl -F data=a.csv`."""
    form = {"kind": (None, "profile"), "data": (None, "a.csv")}
    answer = await at_the_door.post("/v1/tasks", files=form)

    assert (answer.status_code, answer.json()["pointer"]) == (422, "/data")
    assert "curl -F data=@FILE" in answer.json()["advice"]


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/v1/tasks/", "/v1/tasks"),
        ("/v1/task", "/v1/tasks"),
        ("/tasks", "/v1/tasks"),
        ("/tasks/1/events", "/v1/tasks/{id}/events"),
        ("/v1/dataset/x", "/v1/datasets/{id}"),
        ("/v1/tasks/x/artefacts", "/v1/tasks/{id}/artifacts"),
        ("/health", "/healthz"),
    ],
)
async def test_an_unknown_path_names_the_one_that_was_meant(
    at_the_door: httpx2.AsyncClient, path: str, meant: str
) -> None:
    assert (await at_the_door.get(path)).json()["advice"] == f"Did you mean {meant}?"


async def test_a_path_like_no_other_is_told_where_the_interface_starts(at_the_door: httpx2.AsyncClient) -> None:
    assert "/v1/tasks" in (await at_the_door.get("/wp-admin/setup.php")).json()["advice"]


@pytest.mark.parametrize("path", ["/v1/tasks", "/v1/datasets/x", "/healthz", "/"])
async def test_options_names_the_methods(at_the_door: httpx2.AsyncClient, path: str) -> None:
    answer = await at_the_door.options(path)

    assert (answer.status_code, answer.content) == (204, b"")
    assert {"GET", "HEAD", "OPTIONS"} <= set(answer.headers["allow"].split(", "))


async def test_each_answer_has_the_id_of_its_request(at_the_door: httpx2.AsyncClient) -> None:
    own = await at_the_door.get("/nothing", headers={"x-request-id": "mine-1"})
    odd = await at_the_door.get("/nothing", headers={"x-request-id": "not a word"})
    fine = await at_the_door.get("/healthz")

    assert own.headers["x-request-id"] == own.json()["request_id"] == "mine-1"
    assert re.fullmatch("[0-9a-f]{32}", odd.json()["request_id"])
    assert fine.headers["x-request-id"] not in {"mine-1", odd.json()["request_id"]}


async def test_the_unknown_is_logged_in_full_and_shown_as_nothing(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    await connection.execute("DROP TABLE dataset CASCADE")
    with caplog.at_level(logging.INFO):
        answer = await client.get("/v1/datasets")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "dataset" not in answer.text
    failure = next(record for record in caplog.records if record.message == "request failed")
    assert failure.exc_info is not None
    assert failure.__dict__["request"] == answer.json()["request_id"] == answer.headers["x-request-id"]


async def test_requests_are_logged_without_their_query(
    client: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="gateway.request_log"):
        await client.get("/v1/tasks?kind=secret")
        await client.get("http://localhost/v1/tasks/a%0Aline")
        await client.get("/healthz")

    (first, odd, probe) = caplog.records
    assert (first.__dict__["method"], first.__dict__["path"], first.__dict__["status"]) == ("GET", "/v1/tasks", 200)
    assert "secret" not in str(first.__dict__)
    assert odd.__dict__["path"] == "/v1/tasks/a%0Aline"
    assert probe.levelno == logging.DEBUG


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", ""])
async def test_another_name_of_this_machine_is_refused(at_the_door: httpx2.AsyncClient, host: str) -> None:
    answer = await at_the_door.get("/v1/tasks", headers={"host": host})

    assert (answer.status_code, answer.json()["code"]) == (421, "host_refused")
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("host", ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:8080", "LOCALHOST"])
async def test_every_name_of_loopback_is_served(at_the_door: httpx2.AsyncClient, host: str) -> None:
    assert (await at_the_door.get("/healthz", headers={"host": host})).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:9", "http://["])
async def test_a_page_of_another_site_changes_nothing(at_the_door: httpx2.AsyncClient, origin: str) -> None:
    answer = await at_the_door.post("/v1/tasks", headers={"host": "localhost:8080", "origin": origin}, json={})

    assert (answer.status_code, answer.json()["code"]) == (403, "origin_refused")


async def test_our_own_page_may(at_the_door: httpx2.AsyncClient) -> None:
    headers = {"host": "localhost:8080", "origin": "http://localhost:8080"}

    assert (await at_the_door.post("/v1/tasks", headers=headers, json={})).status_code == 422


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/tasks"), ("GET", "/v1/kinds"), ("PUT", "/v1/datasets/a.csv"), ("GET", "/readyz")]
)
async def test_a_database_that_is_away_is_a_problem_that_passes(
    at_the_door: httpx2.AsyncClient, method: str, path: str
) -> None:
    answer = await at_the_door.request(method, path, content=b"a,b\n" if method == "PUT" else None)

    assert answer.status_code == 503
    assert answer.json()["code"] == ("not_ready" if path == "/readyz" else "database_unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert "127.0.0.1" not in answer.text
