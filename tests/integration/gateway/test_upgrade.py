"""Offers to go on in another protocol are not taken: what comes behind such a head is its body, and no request."""

from collections.abc import AsyncIterator
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.upgrade import head_without_offer
from helpers.gateways import GatewayFactory, RunningGateway
from helpers.own_task import in_own_task
from helpers.raw_http import connected_to

SMUGGLED: Final = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: smuggled\r\n\r\n"
BEHIND: Final = SMUGGLED.replace(b"smuggled", b"behind")
OFFERS: Final = {
    "h2c": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAA\r\n",
    "websocket": b"Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    "several": b"Connection: keep-alive\r\nConnection: Upgrade\r\nUPGRADE: h2c, TLS/1.0\r\nupgrade: websocket\r\n",
}
BODIES: Final = {
    "of a length": b"Content-Length: %d\r\n\r\n%b" % (len(SMUGGLED), SMUGGLED),
    "in chunks": b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED),
    "in chunks with a trailer": b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\nUpgrade: h2c\r\n\r\n"
    % (len(SMUGGLED), SMUGGLED),
}


@pytest.fixture
async def gateway(gateways: GatewayFactory) -> AsyncIterator[RunningGateway]:
    async with in_own_task(gateways.start()) as gateway:
        yield gateway


def offering(offer: bytes, body: bytes) -> bytes:
    """A file, handed in by a client that would go on in another protocol."""
    return b"PUT /v1/datasets/a.txt HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: offering\r\n" + offer + body


async def answered(gateway: RunningGateway, pieces: list[bytes], *, count: int) -> list[tuple[str, int]]:
    """The requests that were read from these pieces: their id, and the bytes that were stored for them."""
    read = []
    async with connected_to(gateway.url) as client:
        for piece in pieces:
            await client.send(piece)
        for _ in range(count):
            answer = await client.answer()
            read.append((answer.headers["x-request-id"], (await answer.json()).get("bytes", 0)))
        await client.send(BEHIND.replace(b"behind", b"last"))
        read.append(((await client.answer()).headers["x-request-id"], 0))
    return read


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("offer", OFFERS)
async def test_the_body_behind_an_offer_is_the_body_of_its_request(
    gateway: RunningGateway, offer: str, body: str
) -> None:
    sent = offering(OFFERS[offer], BODIES[body])
    end_of_head = sent.index(b"\r\n\r\n") + 4
    whole = sent + BEHIND
    ways = {
        "at once": [whole],
        "the body later": [sent[:end_of_head], sent[end_of_head:] + BEHIND],
        "some of the body later": [sent[: end_of_head + 9], sent[end_of_head + 9 :], BEHIND],
        "byte by byte": [whole[at : at + 1] for at in range(len(whole))],
    }

    read = {way: await answered(gateway, pieces, count=2) for way, pieces in ways.items()}

    assert read == {way: [("offering", len(SMUGGLED)), ("behind", 0), ("last", 0)] for way in ways}


async def test_requests_that_all_offer_an_upgrade_are_all_answered(gateway: RunningGateway) -> None:
    """As Java's client sends them, with a body or without."""
    asking = BEHIND.replace(b"\r\n\r\n", b"\r\n" + OFFERS["h2c"] + b"\r\n")
    sent = offering(OFFERS["h2c"], BODIES["of a length"])

    read = await answered(gateway, [asking + sent + asking + sent + asking], count=5)

    offered = ("offering", len(SMUGGLED))
    assert read == [("behind", 0), offered, ("behind", 0), offered, ("behind", 0), ("last", 0)]


async def test_a_client_that_waits_to_be_asked_for_its_body_may_offer_an_upgrade(gateway: RunningGateway) -> None:
    head, _, body = offering(OFFERS["h2c"] + b"Expect: 100-continue\r\n", BODIES["of a length"]).partition(b"\r\n\r\n")
    async with connected_to(gateway.url) as client:
        await client.send(head + b"\r\n\r\n")
        assert [await client.line(), await client.line()] == [b"HTTP/1.1 100 Continue", b""]
        await client.send(body)

        assert (await (await client.answer()).json())["bytes"] == len(SMUGGLED)


@pytest.mark.parametrize("line", [b"HTTP/1.1\r\nConnection: close", b"HTTP/1.0"])
async def test_the_last_request_of_a_connection_may_offer_an_upgrade(gateway: RunningGateway, line: bytes) -> None:
    """RFC 9110, section 7.8: from a client of HTTP/1.0 a server must pass it over."""
    sent = offering(OFFERS["websocket"], BODIES["of a length"]).replace(b"HTTP/1.1", line, 1)
    async with connected_to(gateway.url) as client:
        await client.send(sent + BEHIND)
        answer = await client.answer()
        stored = (await answer.json())["bytes"]

        assert (stored, answer.headers["connection"]) == (len(SMUGGLED), "close")
        assert await client.is_closed_by_server()


@pytest.mark.parametrize("offer", [b"", *OFFERS.values()])
@pytest.mark.parametrize("host", [b"localhost", b"evil.example:80", b""])
async def test_no_tunnel_is_opened(gateway: RunningGateway, host: bytes, offer: bytes) -> None:
    length = b"Content-Length: %d\r\n" % len(SMUGGLED)
    async with connected_to(gateway.url) as client:
        await client.send(b"CONNECT evil.example:80 HTTP/1.1\r\nHost: " + host + b"\r\n" + offer + length + b"\r\n")
        answer = await client.answer()
        problem = await answer.json()
        closed = await client.is_closed_by_server()

    assert (answer.status, problem["code"], closed) == (400, "request_malformed", True)
    assert problem["detail"].startswith("This is no proxy")


async def test_the_head_of_an_offer_is_bounded_as_any_other(gateways: GatewayFactory) -> None:
    offer = OFFERS["h2c"] + b"".join(b"X-%d: a\r\n" % at for at in range(20))
    few = gateways.start(own={"head_fields_most": 20})
    async with few as gateway, connected_to(gateway.url) as client:
        await client.send(offering(offer, BODIES["of a length"]))

        assert (await client.answer()).status == 431


@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"host", b"connection", b"content-length", b"upgrade", b"x-a"]),
            st.from_regex(rb"([!-~\x80-\xff]([ -~\x80-\xff]{0,8}[!-~\x80-\xff])?)?", fullmatch=True),
        )
    )
)
def test_a_head_is_written_as_it_was_read_but_for_the_offer(headers: list[tuple[bytes, bytes]]) -> None:
    line, *fields = head_without_offer(b"PUT", b"/a?b=%20", headers, version="1.1").split(b"\r\n")

    assert line == b"PUT /a?b=%20 HTTP/1.1"
    assert fields == [*(b"%b: %b" % field for field in headers if field[0] != b"upgrade"), b"", b""]
