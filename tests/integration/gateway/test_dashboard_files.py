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
