"""Every limit of docs/security.md, broken over HTTP: its status, its code and, where time helps, when to come back."""

import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
import httpx2
import pytest

from helpers.factories import a_dataset, a_kind, a_processor
from helpers.gateways import GatewayFactory
from helpers.keys import a_key, bearer

LATER: Final = {429, 503, 507}
PER_S: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One request too many, or one that is too large.

    Attributes:
        settings: what makes the limit small; of streams, or under `own` of the gateway.
        path: what is asked, with the dataset's id filled in.
        before: how often the same is asked before, and answered.
    """

    settings: Mapping[str, Any]
    status: int
    code: str
    path: str
    method: str = "POST"
    json: Any = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    before: int = 0


def nested(levels: int) -> Any:
    value: Any = 0
    for _ in range(levels):
        value = [value]
    return value


TASK: Final = {"kind": "profile", "inputs": {"data": "{dataset}"}}
LIMITS: Final = {
    "body": Limit(
        settings={"own": {"body_limit_bytes": 1024}}, path="/v1/tasks", json={"kind": "x" * 1024}, status=413,
        code="too_large",
    ),
    "field of a form": Limit(
        settings={"own": {"body_limit_bytes": 1024}}, path="/v1/tasks", status=413, code="too_large",
        content=b'--X\r\nContent-Disposition: form-data; name="params"\r\n\r\n' + b" " * 2000 + b"\r\n--X--\r\n",
        headers={"content-type": "multipart/form-data; boundary=X"},
    ),
    "upload": Limit(
        settings={"own": {"upload_limit_bytes": 10}}, method="PUT", path="/v1/datasets/a.csv", content=b"x" * 11,
        status=413, code="too_large",
    ),
    "bytes of a tenant": Limit(
        settings={"own": {"tenant_bytes_most": 30}}, method="PUT", path="/v1/datasets/a.csv", content=b"x" * 31,
        status=507, code="storage_full",
    ),
    "datasets of a tenant": Limit(
        settings={"own": {"tenant_datasets_most": 1}}, method="PUT", path="/v1/datasets/b.csv", content=b"b",
        status=507, code="storage_full",
    ),
    "waiting tasks of a tenant": Limit(
        settings={"own": {"tenant_queued_most": 1}}, path="/v1/tasks", json=TASK, before=1, status=429,
        code="queue_full",
    ),
    "requests a second of a key": Limit(
        settings={"own": {"key_requests_per_s": 1}}, method="GET", path="/v1/session", before=2, status=429,
        code="too_many_requests",
    ),
    "streams of a caller": Limit(
        settings={"limit_per_caller": 1}, method="GET", path="/v1/events", before=1, status=429,
        code="too_many_streams",
    ),
    "streams of a gateway": Limit(
        settings={"limit": 1}, method="GET", path="/v1/events", before=1, status=503, code="streams_full"
    ),
    "entries of a page": Limit(
        settings={}, method="GET", path="/v1/tasks?limit=201", status=422, code="query_invalid"
    ),
    "depth of JSON": Limit(
        settings={}, path="/v1/tasks", json={"params": nested(64)}, status=400, code="body_invalid"
    ),
    "depth of JSON that would end the parser": Limit(
        settings={}, path="/v1/tasks", content=b"[" * 500_000, headers={"content-type": "application/json"}, status=400,
        code="body_invalid",
    ),
    "tasks of a batch": Limit(
        settings={}, path="/v1/tasks/batch", json={"tasks": [{}] * 1001}, status=422, code="request_invalid"
    ),
    "size of the head": Limit(
        settings={"own": {"head_limit_bytes": 1024}}, method="GET", path="/healthz", headers={"x-a": "x" * 2000},
        status=431, code="head_too_large",
    ),
    "number of headers": Limit(
        settings={"own": {"head_fields_most": 10}}, method="GET", path="/healthz",
        headers={f"x-{number}": "" for number in range(11)}, status=431, code="head_too_large",
    ),
}  # fmt: skip


@pytest.mark.parametrize("limit", LIMITS.values(), ids=LIMITS.keys())
async def test_a_limit_is_told_as_what_it_is(
    gateways: GatewayFactory, connection: asyncpg.Connection, limit: Limit
) -> None:
    await a_kind(connection)
    await a_processor(connection)
    dataset = str(await a_dataset(connection))
    own = {"open": False, **limit.settings.get("own", {})}
    key = bearer(await a_key(connection))
    body = {"content": limit.content} if limit.content is not None else {"json": filled(limit.json, dataset)}
    async with (
        gateways.start(**{**limit.settings, "own": own}) as gateway,
        httpx2.AsyncClient(base_url=gateway.url, headers={**key, **limit.headers}) as client,
        AsyncExitStack() as open_answers,
    ):
        for _ in range(limit.before):
            taken = client.stream(limit.method, limit.path, **({} if body == {"json": None} else body))
            assert (await open_answers.enter_async_context(taken)).is_success
        refused = await client.request(limit.method, limit.path, **({} if body == {"json": None} else body))

    assert (refused.status_code, refused.json()["code"]) == (limit.status, limit.code)
    assert ("retry-after" in refused.headers) is (limit.status in LATER)
    if limit.status in LATER:
        assert int(refused.headers["retry-after"]) >= 1


def filled(value: Any, dataset: str) -> Any:
    return {**value, "inputs": {"data": dataset}} if value is TASK else value


async def test_what_a_key_may_send_is_shared_by_two_gateways(
    gateways: GatewayFactory, connection: asyncpg.Connection
) -> None:
    """To the second goes as much as it would let through by itself, once the first lets nothing through any more."""
    key = bearer(await a_key(connection, requests_per_s=PER_S))
    own = {"open": False}
    async with (
        gateways.start(own=own) as first,
        gateways.start(own=own) as second,
        httpx2.AsyncClient(base_url=first.url, headers=key) as one,
        httpx2.AsyncClient(base_url=second.url, headers=key) as another,
    ):
        began = time.monotonic()
        statuses = [200]
        while statuses[-1] == 200:
            statuses.append((await one.get("/v1/session")).status_code)
        statuses += [(await another.get("/v1/session")).status_code for _ in range(2 * PER_S)]
        took = time.monotonic() - began
    admitted = statuses[1:].count(200)
    leases = 2 * (PER_S // 4 + 1)

    assert admitted <= 2 * PER_S + PER_S * took + leases, took
    assert set(statuses) == {200, 429}
