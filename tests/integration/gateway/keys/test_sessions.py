"""Browsers: a cookie instead of a key, and what pages of other sites cannot do with it."""

import asyncpg
import httpx2
import pytest

from common.tokens import Token, TokenKind
from helpers.gateways import RunningGateway
from helpers.keys import bearer

PAGE = {"x-sundog-page": "1"}


@pytest.fixture
async def browser(client: httpx2.AsyncClient, admin: Token) -> httpx2.AsyncClient:
    """Logged in: it sends its cookie by itself."""
    answer = await client.post("/v1/session", json={"key": admin.text})
    assert answer.status_code == 200, answer.text
    return client


async def test_a_login_gives_a_cookie_that_scripts_cannot_read_and_other_sites_cannot_send(
    client: httpx2.AsyncClient, admin: Token
) -> None:
    answer = await client.post("/v1/session", json={"key": admin.text})
    cookie = answer.headers["set-cookie"]

    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert "Max-Age=43200" in cookie
    assert admin.secret not in cookie
    assert answer.json() == {
        "open": False,
        "tenant": "default",
        "role": "admin",
        "key": {"id": admin.id, "name": "the admin"},
        "by_cookie": True,
    }


async def test_over_https_the_cookie_is_bound_to_the_host_and_to_encryption(
    guarded: RunningGateway, client: httpx2.AsyncClient, admin: Token
) -> None:
    origin = guarded.url.replace("http:", "https:")
    answer = await client.post("/v1/session", json={"key": admin.text}, headers={"origin": origin})

    assert answer.headers["set-cookie"].startswith("__Host-sundog=session_")
    assert "; Secure" in answer.headers["set-cookie"]


async def test_the_cookie_lets_its_browser_in(browser: httpx2.AsyncClient) -> None:
    assert (await browser.get("/v1/tasks")).status_code == 200
    assert (await browser.post("/v1/tasks/cancel?state=queued", headers=PAGE)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", "/v1/tasks/cancel?state=queued", {}),
        ("DELETE", "/v1/session", {}),
        ("POST", "/v1/tasks/cancel?state=queued", PAGE | {"sec-fetch-site": "cross-site"}),
        ("POST", "/v1/tasks/cancel?state=queued", PAGE | {"sec-fetch-site": "same-site"}),
        ("POST", "/v1/tasks/cancel?state=queued", PAGE | {"origin": "https://evil.example"}),
        ("POST", "/v1/tasks/cancel?state=queued", PAGE | {"origin": "null"}),
        ("GET", "/v1/tasks", {"sec-fetch-site": "cross-site"}),
    ],
)
async def test_a_page_of_another_site_can_do_nothing_with_it(
    browser: httpx2.AsyncClient, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = await browser.request(method, path, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (403, "origin_refused")


async def test_a_logout_ends_the_session_and_not_the_key(browser: httpx2.AsyncClient, admin: Token) -> None:
    held = dict(browser.cookies)
    left = await browser.delete("/v1/session", headers=PAGE)
    gone = browser.cookies.get("sundog")
    again = await browser.get("/v1/tasks", headers={"cookie": f"sundog={held['sundog']}"})

    assert (left.status_code, gone) == (204, None)
    assert (again.status_code, again.json()["code"]) == (401, "key_refused")
    assert (await browser.get("/v1/tasks", headers=bearer(admin))).status_code == 200


async def test_a_session_is_no_key_and_a_key_is_no_session(browser: httpx2.AsyncClient, admin: Token) -> None:
    session = browser.cookies["sundog"]
    browser.cookies.clear()

    assert (await browser.get("/v1/tasks", headers={"authorization": f"Bearer {session}"})).status_code == 401
    assert (await browser.get("/v1/tasks", headers={"cookie": f"sundog={admin.text}"})).status_code == 401
    assert (await browser.post("/v1/session", json={"key": session})).status_code == 401


@pytest.mark.parametrize("body", [{}, {"key": 1}, [], "x", {"key": None}])
async def test_a_login_without_a_key_says_where_it_belongs(client: httpx2.AsyncClient, body: object) -> None:
    answer = await client.post("/v1/session", json=body)

    assert (answer.status_code, answer.json()["pointer"]) == (422, "/key")


async def test_a_key_in_a_url_is_none(client: httpx2.AsyncClient, admin: Token) -> None:
    for name in ("key", "token", "access_token", "authorization"):
        assert (await client.get(f"/v1/tasks?{name}={admin.text}")).status_code == 401


async def test_the_database_holds_no_secret(
    browser: httpx2.AsyncClient, admin: Token, connection: asyncpg.Connection
) -> None:
    session = Token.parse(browser.cookies["sundog"])
    assert session is not None
    tables = ("api_key", "session", "audit")
    rows = [str(dict(row)) for table in tables for row in await connection.fetch(f"SELECT * FROM {table}")]

    assert len(rows) >= 3
    for secret in (admin.secret, session.secret):
        assert not [row for row in rows if secret in row]


async def test_nobody_logs_in_with_a_key_that_is_none(client: httpx2.AsyncClient) -> None:
    unknown = Token.new(TokenKind.KEY)
    refused = await client.post("/v1/session", json={"key": unknown.text})

    assert (refused.status_code, refused.json()["code"]) == (401, "key_refused")
    assert "set-cookie" not in refused.headers
