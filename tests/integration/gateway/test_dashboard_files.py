"""The dashboard's files as the gateway serves them."""

import re

import httpx2
import pytest


async def test_the_page_and_all_that_it_names_are_served(at_the_door: httpx2.AsyncClient) -> None:
    page = await at_the_door.get("/")

    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    named = re.findall(r'(?:src|href)="(/dashboard/[^"]+)"', page.text)
    assert named
    for path in named:
        file = await at_the_door.get(path)
        assert (file.status_code, file.headers["x-content-type-options"]) == (200, "nosniff")


async def test_nothing_but_our_own_files_may_run(at_the_door: httpx2.AsyncClient) -> None:
    policy = (await at_the_door.get("/")).headers["content-security-policy"]

    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


async def test_who_has_a_file_is_told_so(at_the_door: httpx2.AsyncClient) -> None:
    etag = (await at_the_door.get("/")).headers["etag"]

    assert (await at_the_door.get("/", headers={"if-none-match": etag})).status_code == 304


@pytest.mark.parametrize(
    "path", ["../app.py", "%2e%2e/app.py", "%2e%2e%2fapp.py", "..%5capp.py", "/etc/passwd", "%00", "", "none.js"]
)
async def test_no_path_leads_out(at_the_door: httpx2.AsyncClient, path: str) -> None:
    answer = await at_the_door.get(f"http://localhost/dashboard/{path}")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_page_that_a_browser_kept_keeps_its_policy(at_the_door: httpx2.AsyncClient) -> None:
    """The headers of a 304 replace those that came with the page."""
    page = await at_the_door.get("/")
    again = await at_the_door.get("/", headers={"if-none-match": page.headers["etag"]})

    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "unsafe-inline" not in page.headers["content-security-policy"]
    assert (again.status_code, "content-security-policy" in again.headers) == (304, False)


async def test_every_answer_says_what_a_browser_may_do_with_it(at_the_door: httpx2.AsyncClient) -> None:
    for path in ("/", "/login", "/healthz", "/nothing", "/v1/tasks?limit=x"):
        headers = (await at_the_door.get(path)).headers

        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["x-frame-options"] == "DENY", path
        assert headers["referrer-policy"] == "no-referrer", path
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
