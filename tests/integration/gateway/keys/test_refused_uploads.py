"""Uploads that are refused before their body is asked for, seen from the socket."""

from collections.abc import Mapping
from contextlib import suppress

import asyncpg
import pytest

from common.words import KeyRole
from helpers.gateways import GatewayFactory
from helpers.keys import a_key, bearer
from helpers.raw_http import connected_to

LENGTH = {"content-length": "50", "expect": "100-continue"}


@pytest.mark.parametrize(
    ("method", "path", "headers", "role", "status", "code"),
    [
        ("PUT", "/v1/datasets/a.csv", {}, None, 401, "key_missing"),
        ("PUT", "/v1/datasets/a.csv", {}, KeyRole.READ, 403, "role_too_low"),
        ("PUT", "/v1/datasets/a.csv", {"content-length": "101"}, KeyRole.SUBMIT, 413, "too_large"),
        ("POST", "/v1/datasets", {"content-type": "text/csv"}, KeyRole.SUBMIT, 415, "media_type_unsupported"),
        ("POST", "/v1/tasks", {"content-type": "text/csv"}, KeyRole.SUBMIT, 415, "media_type_unsupported"),
        ("PUT", "/v1/datasets/a%5Cb.csv", {}, KeyRole.SUBMIT, 422, "name_invalid"),
        ("PUT", "/v1/datasets/a.csv", {"repr-digest": "none"}, KeyRole.SUBMIT, 422, "header_invalid"),
        ("PUT", "/v1/datasets/a.csv", {"content-length": "81"}, KeyRole.SUBMIT, 507, "storage_full"),
    ],
)
async def test_what_is_refused_is_not_asked_for(
    gateways: GatewayFactory,
    connection: asyncpg.Connection,
    method: str,
    path: str,
    headers: Mapping[str, str],
    role: KeyRole | None,
    status: int,
    code: str,
) -> None:
    key = {} if role is None else bearer(await a_key(connection, role=role))
    limits = {"open": False, "upload_limit_bytes": 100, "tenant_bytes_most": 80}
    await a_key(connection)
    async with gateways.start(own=limits) as gateway, connected_to(gateway.url) as client:
        await client.request(path, method=method, headers={**LENGTH, **key, **headers})
        answer = await client.answer(method=method)  # the strict client takes no 100 for an answer with a body
        problem = await answer.json()

        assert (answer.status, problem["code"]) == (status, code)
        assert answer.headers["connection"] == "close"
        assert await client.is_closed_by_server()


async def test_after_a_refusal_nothing_more_is_taken(gateways: GatewayFactory, connection: asyncpg.Connection) -> None:
    """Neither a body that comes all the same nor another request: the answer said that the connection ends."""
    await a_key(connection)
    async with gateways.start(own={"open": False}) as gateway, connected_to(gateway.url) as client:
        await client.request("/v1/datasets/a.csv", method="PUT", headers=LENGTH)
        await (await client.answer(method="PUT")).body()
        with suppress(ConnectionError):
            await client.send(b"x" * 50)
            await client.request("/healthz")

        assert await client.is_closed_by_server()


async def test_what_is_taken_is_asked_for_first(gateways: GatewayFactory, connection: asyncpg.Connection) -> None:
    key = bearer(await a_key(connection, role=KeyRole.SUBMIT))
    async with gateways.start(own={"open": False}) as gateway, connected_to(gateway.url) as client:
        await client.request("/v1/datasets/a.csv", method="PUT", headers={**LENGTH, **key})
        asked = [await client.line(), await client.line()]
        await client.send(b"x" * 50)

        assert asked == [b"HTTP/1.1 100 Continue", b""]
        assert (await client.answer(method="PUT")).status == 201
