"""Who is let in, and for how long: keys are kept in memory, and are shut out everywhere within a moment."""

from contextlib import AsyncExitStack

import asyncpg
import httpx2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.tokens import Token, TokenKind
from gateway.doorkeeper import sent_token
from gateway.errors import KeyMissingError, KeyRefusedError
from helpers.event_stream import EventStream
from helpers.eventually import eventually
from helpers.gateways import GatewayFactory, RunningGateway
from helpers.keys import a_key, bearer
from helpers.raw_http import connected_to
from sundog.keys import Keys


async def test_a_key_that_comes_again_costs_no_statement(guarded: RunningGateway, as_admin: httpx2.AsyncClient) -> None:
    await as_admin.get("/v1/session")
    keyring = guarded.parts.live.keyring
    before = keyring.reads
    for _ in range(20):
        assert (await as_admin.get("/v1/session")).status_code == 200

    assert keyring.reads - before <= 3  # the rounds that fell into this time


async def test_a_revoked_key_is_shut_out_of_all_gateways_and_out_of_its_streams(
    gateways: GatewayFactory, connection: asyncpg.Connection, admin: Token
) -> None:
    token = await a_key(connection)
    async with AsyncExitStack() as stack:
        running = [await stack.enter_async_context(gateways.start(own={"open": False})) for _ in range(2)]
        clients = [
            await stack.enter_async_context(httpx2.AsyncClient(base_url=gateway.url, headers=bearer(token)))
            for gateway in running
        ]
        assert [(await client.get("/v1/session")).status_code for client in clients] == [200, 200]
        raw = await stack.enter_async_context(connected_to(running[1].url))
        stream = await EventStream.open(raw, "/v1/events", authorization=f"Bearer {token.text}")
        await Keys(connection).revoke(token.id)

        async def all_refuse() -> bool:
            return [(await client.get("/v1/session")).status_code for client in clients] == [401, 401]

        await eventually(all_refuse)
        while not stream.answer.is_over:
            await stream.answer.read()


async def test_a_key_is_shut_out_also_where_no_notification_comes(
    gateways: GatewayFactory, connection: asyncpg.Connection, admin: Token
) -> None:
    token = await a_key(connection)
    async with (
        gateways.start(own={"open": False}, notifier="poll") as gateway,
        httpx2.AsyncClient(base_url=gateway.url, headers=bearer(token)) as client,
    ):
        assert (await client.get("/v1/session")).status_code == 200
        await connection.execute("UPDATE api_key SET revoked_at = now() WHERE id = $1", token.id)
        await gateway.parts.live.keyring.run_once()
        refused = await client.get("/v1/session")

    assert refused.json()["detail"] == "This key was ended."


async def test_when_a_key_was_used_last_is_written_in_batches(
    guarded: RunningGateway, as_admin: httpx2.AsyncClient, admin: Token, connection: asyncpg.Connection
) -> None:
    await as_admin.get("/v1/session")
    await guarded.parts.live.keyring.run_once()

    assert await connection.fetchval("SELECT last_used_at > now() - interval '1 minute' FROM api_key")


async def test_a_wrong_secret_is_refused_like_a_key_that_is_none(client: httpx2.AsyncClient, admin: Token) -> None:
    wrong = Token(kind=TokenKind.KEY, id=admin.id, secret=Token.new(TokenKind.KEY).secret)
    answers = [await client.get("/v1/tasks", headers=bearer(token)) for token in (wrong, Token.new(TokenKind.KEY))]
    told = [{name: value for name, value in answer.json().items() if name != "request_id"} for answer in answers]

    assert told[0] == told[1]
    assert [answer.headers["www-authenticate"] for answer in answers] == ['Bearer realm="sundog"'] * 2


ANY_TEXT = st.text(st.characters(min_codepoint=0, max_codepoint=255), max_size=300)


@given(authorization=st.lists(ANY_TEXT, max_size=3), cookie=st.lists(ANY_TEXT, max_size=3))
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_comes_as_a_key_or_a_cookie_is_a_token_or_none_or_refused(
    authorization: list[str], cookie: list[str]
) -> None:
    raw = [(b"authorization", text.encode("latin-1")) for text in authorization]
    raw += [(b"cookie", text.encode("latin-1")) for text in cookie]
    try:
        token = sent_token({"type": "http", "scheme": "http", "headers": raw})
    except (KeyMissingError, KeyRefusedError):
        token = None
    assert token is None or Token.parse(token.text) == token


@given(text=st.from_regex(r"(Bearer|bearer|Basic) ?sundog_[a-z0-9]{11,13}_[A-Za-z0-9_-]{42,44}", fullmatch=True))
@settings(max_examples=200, deadline=None)
def test_what_is_nearly_a_key_is_one_or_none(text: str) -> None:
    try:
        token = sent_token({"type": "http", "scheme": "http", "headers": [(b"authorization", text.encode())]})
    except KeyRefusedError:
        token = None
    scheme, _, rest = text.partition(" ")

    assert token is None or (scheme.lower() == "bearer" and token.text == rest)
