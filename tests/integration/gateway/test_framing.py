"""Requests that a proxy and a gateway could understand in two ways: none of them is answered as one."""

from collections.abc import AsyncIterator
from typing import Final

import asyncpg
import pytest

from gateway.framing import ambiguity
from helpers.gateways import GatewayFactory, RunningGateway
from helpers.keys import a_key
from helpers.own_task import in_own_task
from helpers.raw_http import connected_to

HOST: Final = b"Host: localhost\r\n"
JSON: Final = b"Content-Type: application/json\r\n"
ASKS: Final = b"POST /v1/tasks HTTP/1.1\r\n" + HOST + JSON
CHUNKS: Final = b"2\r\n{}\r\n0\r\n\r\n"
SMUGGLED: Final = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: smuggled\r\n\r\n"

MALFORMED: Final = {
    "a length and chunks": ASKS + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    "chunks and a length": ASKS + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "two lengths": ASKS + b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}",
    "the same length twice": ASKS + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a list of lengths": ASKS + b"Content-Length: 2, 2\r\n\r\n{}",
    "a length with a sign": ASKS + b"Content-Length: +2\r\n\r\n{}",
    "a length below nothing": ASKS + b"Content-Length: -1\r\n\r\n{}",
    "a length in hexadecimal": ASKS + b"Content-Length: 0x2\r\n\r\n{}",
    "a length past all numbers": ASKS + b"Content-Length: 99999999999999999999999\r\n\r\n{}",
    "a space before the colon": ASKS + b"Content-Length : 2\r\n\r\n{}",
    "a coding that is none": ASKS + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNKS,
    "a coding before the chunks": ASKS + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKS,
    "chunks in chunks": ASKS + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    "no coding by name": ASKS + b"Transfer-Encoding: identity\r\n\r\n",
    "lines that end with LF": b"GET /healthz HTTP/1.1\nHost: localhost\n\n",
    "a header that ends with LF": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: a\nX-B: b\r\n\r\n",
    "a header with CR within": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: a\rX-B: b\r\n\r\n",
    "a header with NUL within": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: a\0b\r\n\r\n",
    "a folded header": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: a\r\n b\r\n\r\n",
    "a chunk that ends with LF": ASKS + b"Transfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n",
    "a chunk of too many bytes": ASKS + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}\r\n0\r\n\r\n",
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
    "two types": ASKS + JSON + b"Content-Length: 2\r\n\r\n{}",
    "another host in the line": b"GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "another port in the line": b"GET http://localhost:9/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a host as the path": b"GET localhost/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a tunnel": b"CONNECT evil.example:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "the beginning of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a version that is none": b"GET / HTTP/3.7\r\nHost: localhost\r\n\r\n",
}


@pytest.fixture
async def gateway(gateways: GatewayFactory) -> AsyncIterator[RunningGateway]:
    async with in_own_task(gateways.start()) as gateway:
        yield gateway


async def test_what_is_ambiguous_is_refused_and_nothing_behind_it_is_answered(gateway: RunningGateway) -> None:
    wrong = {}
    for name, sent in MALFORMED.items():
        async with connected_to(gateway.url) as client:
            await client.send(sent + SMUGGLED)
            while await client.read():
                pass
            said = bytes(client.received)
        if not said.startswith(b"HTTP/1.1 400 ") or b"request_malformed" not in said or said.count(b"HTTP/1.1 ") != 1:
            wrong[name] = said[:200]

    assert wrong == {}


async def test_what_is_ambiguous_is_refused_behind_a_good_request_too(gateway: RunningGateway) -> None:
    """As it would come over a connection that a proxy shares among its clients."""
    for sent in (MALFORMED["a coding before the chunks"], MALFORMED["another host in the line"]):
        async with connected_to(gateway.url) as client:
            assert await (await client.get("/healthz")).json() is not None
            await client.send(sent + SMUGGLED)
            assert (await client.answer()).status == 400


async def test_a_body_that_nobody_asked_for_is_no_request(gateway: RunningGateway) -> None:
    """What comes as the body of a request that has none usually, and looks like another."""
    head = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(SMUGGLED)
    async with connected_to(gateway.url) as client:
        await client.send(head + SMUGGLED + b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: last\r\n\r\n")
        answers = [await client.answer()]
        await answers[0].body()
        if answers[0].headers.get("connection") != "close":
            answers.append(await client.answer())

    assert [answer.headers["x-request-id"] == "smuggled" for answer in answers] == [False] * len(answers)


async def test_what_can_be_asked_of_the_server_as_a_whole_is_told(gateway: RunningGateway) -> None:
    async with connected_to(gateway.url) as client:
        await client.request("*", method="OPTIONS")
        answer = await client.answer(method="OPTIONS")

    assert (answer.status, answer.headers["allow"]) == (204, "DELETE, GET, HEAD, OPTIONS, POST, PUT")


async def test_nothing_else_can_be_asked_of_the_server_as_a_whole(gateway: RunningGateway) -> None:
    async with connected_to(gateway.url) as client:
        await client.request("*")

        assert (await client.answer()).status == 404


async def test_an_expectation_that_nobody_knows_changes_nothing(gateway: RunningGateway) -> None:
    """RFC 9110, section 10.1.1, lets a server refuse it with 417; the only one that was ever defined is met."""
    async with connected_to(gateway.url) as client:
        await client.request("/healthz", headers={"expect": "the-unexpected"})

        assert (await client.answer()).status == 200


async def test_an_endless_extension_of_a_chunk_is_no_way_to_stay(gateways: GatewayFactory) -> None:
    """It brings bytes all the time, and nothing of a body."""
    sent = b"PUT /v1/datasets/a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n2;" + b"x" * 300_000
    async with gateways.start(own={"body_timeout_s": 0.2}) as gateway, connected_to(gateway.url) as client:
        await client.send(sent)

        assert (await client.answer()).status == 408


async def test_a_client_of_http_1_0_needs_no_host_where_any_is_served(
    gateways: GatewayFactory, connection: asyncpg.Connection
) -> None:
    await a_key(connection)
    served = gateways.start(own={"host": "0.0.0.0"})
    async with served as gateway, connected_to(gateway.url) as client:
        await client.send(b"GET /healthz HTTP/1.0\r\n\r\n")

        assert (await client.answer()).status == 200


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (b"GET /healthz", 200),
        (b"GET /readyz", 200),
        (b"HEAD /readyz", 200),
        (b"OPTIONS /", 204),
        (b"GET http://evil.example/healthz", 400),
        (b"GET /v1/tasks", 421),
        (b"GET /", 421),
        (b"GET /metrics", 421),
        (b"POST /v1/tasks/cancel", 421),
        (b"POST /readyz", 421),
    ],
)
async def test_health_checks_by_http_1_0_need_no_host_and_all_else_does(
    gateway: RunningGateway, asked: bytes, status: int
) -> None:
    """As haproxy sends them unless it is told more."""
    async with connected_to(gateway.url) as client:
        await client.send(asked + b" HTTP/1.0\r\n\r\n")
        answer = await client.answer(method="HEAD" if asked.startswith(b"HEAD") else "GET")

        assert (answer.status, answer.headers["connection"]) == (status, "close")


@pytest.mark.parametrize("host", [b"evil.example", b""])
async def test_a_health_check_that_names_another_host_is_refused(gateway: RunningGateway, host: bytes) -> None:
    """A web page that reaches the gateway by a name of its own must not even learn that it is there."""
    for version in (b"1.0", b"1.1"):
        async with connected_to(gateway.url) as client:
            await client.send(b"GET /readyz HTTP/" + version + b"\r\nHost: " + host + b"\r\n\r\n")

            assert (await client.answer()).status == 421


@pytest.mark.parametrize(
    ("target", "host", "is_fine"),
    [
        (b"/v1/tasks", b"localhost", True),
        (b"*", b"localhost", True),
        (b"http://LOCALHOST/v1/tasks", b"localhost", True),
        (b"http://[::1]:8080/v1", b"[::1]:8080", True),
        (b"http://user@localhost/", b"localhost", False),
        (b"http://[::1/", b"[::1]", False),
        (b"//evil.example/", b"localhost", True),  # a path, if an odd one
    ],
)
def test_the_line_and_the_host_header_name_one_host(target: bytes, host: bytes, *, is_fine: bool) -> None:
    assert (ambiguity(target, [(b"host", host)], version="1.1") is None) is is_fine
