"""Ways around the guard that others have fallen for: each of them is shut."""

from base64 import b64encode
from collections.abc import Mapping

import httpx2
import pytest

from common.tokens import Token
from helpers.gateways import RunningGateway
from helpers.keys import bearer
from helpers.raw_http import connected_to

PAGE = {"x-sundog-page": "1"}


async def status_of(gateway: RunningGateway, lines: list[str]) -> int:
    """Of the answer to a request as it stands here, line by line."""
    async with connected_to(gateway.url) as raw:
        await raw.send("".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1"))
        return (await raw.answer()).status


SPELLINGS = (
    "/v1/tasks",
    "/v1/%74asks",
    "/v1/tasks/",
    "//v1/tasks",
    "/v1//tasks",
    "/V1/TASKS",
    "/./v1/tasks",
    "/healthz/../v1/tasks",
    "/dashboard/../v1/tasks",
    "/dashboard/..%2f..%2fv1/tasks",
    "/dashboard/%2e%2e/v1/tasks",
    "/v1/tasks;a=b",
    "/v1/tasks%00",
    "/v1/tasks%20",
    "/v1/tasks%3fstate=queued",
    "/healthz%2f..%2fv1%2ftasks",
    "http://localhost/v1/tasks",
)


async def test_no_spelling_of_a_path_passes_the_guard(guarded: RunningGateway) -> None:
    passed = []
    for path in SPELLINGS:
        for method in ("GET", "HEAD", "POST", "PUT"):
            status = await status_of(guarded, [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close"])
            if status not in {400, 401, 404, 405}:
                passed.append((method, path, status))

    assert passed == []


@pytest.mark.parametrize("name", ["x-http-method-override", "x-http-method", "x-method-override"])
async def test_the_method_is_the_one_of_the_request(as_admin: httpx2.AsyncClient, name: str) -> None:
    answer = await as_admin.post("/v1/session", json={}, headers={name: "DELETE"})

    assert answer.json()["pointer"] == "/key"  # taken for a login
    assert (await as_admin.post("/v1/session?_method=DELETE", json={})).json()["code"] == "query_invalid"


@pytest.mark.parametrize("name", ["x-original-url", "x-rewrite-url", "x-forwarded-prefix", "x-forwarded-user"])
async def test_headers_of_proxies_lead_nowhere_else(client: httpx2.AsyncClient, name: str) -> None:
    assert (await client.get("/healthz", headers={name: "/v1/tasks"})).status_code == 200
    assert (await client.get("/v1/tasks", headers={name: "/healthz"})).status_code == 401


def basic(text: str) -> str:
    return b64encode(text.encode()).decode()


async def test_one_key_comes_once_and_as_a_bearers(guarded: RunningGateway, admin: Token) -> None:
    start = ["GET /v1/session HTTP/1.1", "Host: localhost"]
    for sent, status in (
        ([f"Authorization: Bearer {admin.text}"], 200),
        ([f"AUTHORIZATION:   bearer   {admin.text}  "], 200),
        ([f"Authorization: BEARER {admin.text}"], 200),
        ([f"Authorization: Bearer {admin.text}"] * 2, 401),
        (["Authorization: Basic eDp5", f"Authorization: Bearer {admin.text}"], 401),
        ([f"Authorization: Bearer {admin.text}, Bearer {admin.text}"], 401),
        ([f"Authorization: {admin.text}"], 401),
        ([f"Authorization: Basic {admin.text}"], 401),
        ([f"Authorization: Bearer {admin.text.upper()}"], 401),
        ([f"Authorization: Bearer {admin.text}x"], 401),
        ([f"Authorization: Bearer {admin.text[:-1]}"], 401),
        ([f"Authorization: Bearer {admin.text[:-1]}\xe9"], 401),
        (["Authorization: Bearer " + "sundog_" * 4_000], 401),
        (["Authorization: Bearer " + "x" * 200_000], 431),
        (["Authorization:"], 401),
        ([f"Authorization: Basic {basic(admin.text + ':')}"], 200),
        ([f"Authorization: Basic {basic(admin.text + ':')}", "Sec-Fetch-Site: none"], 401),
        ([f"Authorization: Basic {basic(admin.text + ':x')}"], 401),
        ([f"Authorization: Basic {basic(':' + admin.text)}"], 401),
        ([f"Authorization: Basic {basic(admin.text)}"], 401),
        ([f"Authorization: Basic {basic('é:')}"], 401),
    ):
        assert await status_of(guarded, start + sent) == status, sent[0][:60]


@pytest.mark.parametrize(
    ("sent", "advice"),
    [
        ("{key}", "Write Bearer before it: Authorization: Bearer KEY."),
        ("Token {key}", "Write Bearer before it: Authorization: Bearer KEY."),
        ("Basic eDp5", "curl -u KEY: or Authorization: Bearer KEY."),
        ("Bearer sundog_x", "Check the key, or get a new one."),
    ],
)
async def test_a_key_that_is_not_said_as_one_is_told_how(
    client: httpx2.AsyncClient, admin: Token, sent: str, advice: str
) -> None:
    answer = await client.get("/v1/session", headers={"authorization": sent.format(key=admin.text)})

    assert (answer.status_code, answer.json()["code"], answer.json()["advice"]) == (401, "key_refused", advice)
    assert admin.text not in answer.text
    assert answer.headers["www-authenticate"] == 'Bearer realm="sundog"'  # nothing that a browser would keep


async def test_a_request_is_for_one_host(guarded: RunningGateway, admin: Token) -> None:
    key = f"Authorization: Bearer {admin.text}"
    for hosts, status in (
        (["localhost"], 200),
        (["evil.example"], 421),
        (["localhost", "evil.example"], 421),
        (["evil.example", "localhost"], 421),
        (["localhost.evil.example"], 421),
        (["localhost@evil.example"], 421),
        ([""], 421),
    ):
        lines = ["GET /v1/session HTTP/1.1", *(f"Host: {host}" for host in hosts), key]
        assert await status_of(guarded, lines) in {status, 400} - ({400} if status == 200 else set()), hosts
    forwarded = ["GET /v1/session HTTP/1.1", "Host: evil.example", "X-Forwarded-Host: localhost", key]
    assert await status_of(guarded, forwarded) == 421


@pytest.fixture
async def cookie(client: httpx2.AsyncClient, admin: Token) -> str:
    """A session's, as a browser holds it; the client has forgotten it."""
    await client.post("/v1/session", json={"key": admin.text})
    held = client.cookies["sundog"]
    client.cookies.clear()
    return held


async def test_a_cookie_without_an_origin_reads_but_changes_nothing(client: httpx2.AsyncClient, cookie: str) -> None:
    """Such as curl sends."""
    sent = {"cookie": f"sundog={cookie}"}
    reads = [(await client.request(method, "/v1/tasks", headers=sent)).status_code for method in ("GET", "HEAD")]
    asks = await client.request("OPTIONS", "/v1/tasks", headers=sent)
    changes = await client.post("/v1/tasks/cancel?state=queued", headers=sent)

    assert reads == [200, 200]
    assert "allow" in asks.headers
    assert (changes.status_code, changes.json()["code"]) == (403, "origin_refused")


@pytest.mark.parametrize("others", ['a={"b": 1}', "[x]=1", "junk", "a@b=1", "a b=c", "é=1", "=", ";;", "$Path=/"])
async def test_cookies_of_others_on_this_host_lock_nobody_out(
    guarded: RunningGateway, cookie: str, others: str
) -> None:
    start = ["GET /v1/session HTTP/1.1", "Host: localhost"]
    assert await status_of(guarded, [*start, f"Cookie: {others}; sundog={cookie}"]) == 200
    assert await status_of(guarded, [*start, f"Cookie: sundog={cookie}; {others}"]) == 200
    assert await status_of(guarded, [*start, f"Cookie: {others}"]) == 401


async def test_a_key_goes_before_a_cookie_and_a_wrong_one_does_not_fall_back(
    client: httpx2.AsyncClient, cookie: str
) -> None:
    answer = await client.get("/v1/session", headers={"cookie": f"sundog={cookie}", "authorization": "Bearer x"})

    assert answer.status_code == 401


async def test_a_login_takes_over_no_session_that_was_there_before(
    client: httpx2.AsyncClient, admin: Token, cookie: str
) -> None:
    """Fixation: a cookie that somebody else has set is neither kept nor raised."""
    planted = {"cookie": f"sundog={cookie[:-4]}AAAA"}
    answer = await client.post("/v1/session", json={"key": admin.text}, headers=planted)
    given = client.cookies["sundog"]
    client.cookies.clear()

    assert answer.status_code == 200
    assert given not in {cookie, planted["cookie"]}
    assert (await client.get("/v1/session", headers=planted)).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost.evil.example"},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
    ],
)
async def test_a_page_of_another_site_logs_nobody_in(
    client: httpx2.AsyncClient, admin: Token, headers: Mapping[str, str]
) -> None:
    """With the attacker's key, so that what the victim hands in comes to the attacker."""
    answer = await client.post("/v1/session", content=f'{{"key": "{admin.text}"}}', headers=headers)

    assert answer.status_code in {403, 415}
    assert "set-cookie" not in answer.headers


async def test_nothing_that_belongs_to_a_caller_is_kept_on_the_way(client: httpx2.AsyncClient, admin: Token) -> None:
    headers = bearer(admin)
    made = (await client.put("/v1/datasets/a.csv", content=b"a\n1\n", headers=headers)).headers["location"]
    paths = ("/v1/tasks", "/v1/datasets", made, "/v1/stats", "/v1/kinds", "/v1/processors", "/v1/audit", "/v1/session",
             "/metrics", "/openapi.json", "/v1/tasks/x", "/v1/nix")  # fmt: skip
    for path in paths:
        for sent in (headers, {}):
            answer = await client.get(path, headers=sent)
            told = set(answer.headers["cache-control"].split(", "))

            assert told & {"private", "no-store"}, path


async def test_a_login_leads_nowhere_else(client: httpx2.AsyncClient, admin: Token) -> None:
    for query in ("next", "url", "redirect", "return_to", "continue"):
        page = await client.get(f"/login?{query}=//evil.example")
        login = await client.post(f"/v1/session?{query}=//evil.example", json={"key": admin.text})

        assert (page.status_code, login.status_code) == (200, 422)
        assert "location" not in page.headers.keys() | login.headers.keys()
        assert "evil.example" not in page.text + login.text
