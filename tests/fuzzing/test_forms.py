"""Forms, headers and JSON as no client would write them: each is answered, and never with a fault of ours."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import asyncpg
import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.notifier import Notifier
from common.settings import StorageSettings
from common.storage import Storage
from gateway.app import create_app
from gateway.settings import GatewaySettings
from helpers.live import idle_live

# Without a database: what comes through to it is answered with 503 database_unavailable.
NO_FAULTS = {503}
TASK = "01a202b5-f227-7cc4-9a41-a44f52e85de4"
PIECES = st.sampled_from(
    [
        *(b"--", b"--XX", b"--XX--", b"\r\n", b"\n", b"\r\n\r\n", b"--XX\r\n", b"\r\n--XX\r\n", b"\r\n--XX--\r\n"),
        *(b"Content-Disposition: form-data", b'; name="kind"', b'; name="data"', b'; filename="a.csv"', b"; name*=x"),
        *(
            b"Content-Type: text/csv",
            b"Content-Transfer-Encoding: base64",
            b":",
            b'"',
            b"\x00",
            b"\xff\xfe",
            b"profile",
        ),
        *(b"Content-Disposition: attachment", b"a,b\n1,2\n", b"{", b"params", b";" * 50),
    ]
)
FORMS = st.lists(PIECES | st.binary(max_size=20), max_size=30).map(b"".join)
JSON_TEXTS = st.binary(max_size=60) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["kind", "inputs", "params", "tags", "run_at", "tasks", "x"]), inner, max_size=4
        )
    ),
    max_leaves=12,
).map(lambda value: json.dumps(value).encode())
HEADERS = st.dictionaries(
    st.sampled_from(
        ["accept", "prefer", "range", "if-none-match", "if-range", "idempotency-key", "last-event-id", "expect",
         "origin", "content-digest", "repr-digest", "traceparent", "x-request-id", "content-type", "cookie"]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40).map(str.strip),
    max_size=5,
)  # fmt: skip
PATHS = st.sampled_from(
    ["/v1/tasks", "/v1/tasks/x", "/v1/tasks/batch", "/v1/datasets", "/v1/datasets/a", "/v1/kinds", "/v1/events", "/no",
     f"/v1/tasks/{TASK}/events", f"/v1/tasks/{TASK}/artifacts/a"]
)  # fmt: skip
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@contextmanager
def asking(folder: Path) -> Iterator[Any]:
    """Asks a gateway of its own, in a loop of its own: hypothesis calls a test many times."""

    def ask(method: str, path: str, **request: Any) -> httpx2.Response:
        return anyio.run(_ask, folder, method, path, request)

    yield ask


async def _ask(folder: Path, method: str, path: str, request: dict[str, Any]) -> httpx2.Response:
    async with asyncpg.create_pool("postgresql://nobody@127.0.0.1:1/nowhere", min_size=0) as pool:
        app = create_app(
            pool=pool,
            storage=Storage.open(StorageSettings(url=folder.as_uri())),
            notifier=Notifier(pool=pool),
            live=idle_live(pool),
            settings=GatewaySettings(body_limit_bytes=2_000, upload_limit_bytes=2_000),
        )
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, **request)


def check(answer: httpx2.Response) -> None:
    assert answer.status_code < 500 or answer.status_code in NO_FAULTS, answer.text
    if answer.status_code >= 400 and answer.content and "text/plain" not in answer.headers["content-type"]:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"]


@FUZZ
@given(body=FORMS, path=st.sampled_from(["/v1/tasks", "/v1/datasets"]))
def test_forms(folder: Path, body: bytes, path: str) -> None:
    with asking(folder) as ask:
        check(ask("POST", path, content=body, headers={"content-type": "multipart/form-data; boundary=XX"}))


@FUZZ
@given(body=JSON_TEXTS, path=st.sampled_from(["/v1/tasks", "/v1/tasks/batch"]))
def test_json(folder: Path, body: bytes, path: str) -> None:
    with asking(folder) as ask:
        check(ask("POST", path, content=body, headers={"content-type": "application/json"}))


@FUZZ
@given(
    headers=HEADERS, path=PATHS, method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
)
def test_headers(folder: Path, headers: dict[str, str], path: str, method: str) -> None:
    sent = {name: value.encode("latin-1") for name, value in headers.items()}
    with asking(folder) as ask:
        check(ask(method, path, headers=sent, content=b"{}"))
