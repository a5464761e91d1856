"""Browsers: a cookie instead of a key, and what pages of other sites cannot do with it."""

import asyncpg
import httpx2
import pytest

from common.tokens import Token, TokenKind
from helpers.factories import a_dataset, an_artifact, finished_task
from helpers.gateways import GatewayFactory, RunningGateway
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


@pytest.mark.parametrize(
    ("told", "is_taken"),
    [
        ({"origin": "https://{host}"}, False),
        ({"host": "sundog.example", "sec-fetch-site": "same-origin"}, False),
        ({"x-forwarded-proto": "https"}, False),
        ({"host": "sundog.example"}, True),  # a browser without encryption does not say where its page is from
        ({"sec-fetch-site": "same-origin"}, True),  # but on its own machine it does
        ({"host": "sundog.localhost:80", "sec-fetch-site": "none"}, True),
        ({}, True),
    ],
)
async def test_over_https_a_cookie_that_anybody_could_have_set_counts_for_nothing(
    gateways: GatewayFactory, admin: Token, told: dict[str, str], *, is_taken: bool
) -> None:
    own = {"open": False, "allowed_hosts": "sundog.example,sundog.localhost"}
    async with (
        gateways.start(own=own, trusted_proxies="127.0.0.1") as gateway,
        httpx2.AsyncClient(base_url=gateway.url) as client,
    ):
        opened = await client.post("/v1/session", json={"key": admin.text})
        session = opened.headers["set-cookie"].partition(";")[0].partition("=")[2]
        client.cookies.clear()
        sent = {name: value.format(host=gateway.url.removeprefix("http://")) for name, value in told.items()}
        plain = await client.get("/v1/tasks", headers={**sent, "cookie": f"sundog={session}"})
        bound = await client.get("/v1/tasks", headers={**sent, "cookie": f"sundog=x; __Host-sundog={session}"})

    assert plain.status_code == (200 if is_taken else 401)
    assert bound.status_code == 200


async def test_a_browser_keeps_nothing_of_what_a_session_was_answered(
    browser: httpx2.AsyncClient, admin: Token, connection: asyncpg.Connection
) -> None:
    task = await finished_task(connection)
    await an_artifact(connection, task)
    dataset = await a_dataset(connection)
    paths = (f"/v1/tasks/{task}", f"/v1/tasks/{task}/artifacts/report.html", f"/v1/datasets/{dataset}", "/v1/kinds",
             "/openapi.json", "/v1/tasks")  # fmt: skip
    answers = [await browser.head(path) for path in paths]
    left = await browser.delete("/v1/session", headers=PAGE)
    by_key = await browser.head(paths[1], headers=bearer(admin))

    assert {(each.status_code, each.headers["cache-control"]) for each in answers} == {(200, "no-store")}
    assert left.headers["clear-site-data"] == '"cache"'
    assert "immutable" in by_key.headers["cache-control"]


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
