"""Logging in, in a real browser: a cookie that no script sees, a dashboard that works by it, and the way out."""

import asyncio
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from common.tokens import Token
from helpers.complaints import Complaints
from helpers.dashboard import DESKTOP, drop, row
from helpers.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CACHED = "(path) => fetch(path, {cache: 'force-cache'}).then((answer) => answer.status)"
LOGIN = re.compile(r"/login(#.*)?$")  # a page keeps its place for those who come back


@pytest.fixture(scope="module")
def guarded_folder(chromium_path: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("guarded")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def key(guarded_folder: Path) -> str:
    """Made before anything runs: the command starts the folder's Postgres by itself."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sundog", "keys", "--data", str(guarded_folder), "create", "--role", "admin"),
        *("--name", "a browser"),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    return said.decode().strip()


@pytest.fixture(scope="module")
def guarded(guarded_folder: Path, key: str) -> Iterator[Installation]:
    with Installation(guarded_folder, env={"SUNDOG_GATEWAY_OPEN": "false"}) as sundog:
        yield sundog


async def test_a_person_logs_in_works_and_logs_out(chromium: Browser, guarded: Installation, key: str) -> None:
    complaints = Complaints()
    context = await chromium.new_context(base_url=guarded.url, viewport=DESKTOP)
    page = await context.new_page()
    await page.goto("/")
    await expect(page).to_have_url(LOGIN)
    await page.get_by_label("Key").fill(key[:-1] + ("a" if key[-1] != "a" else "b"))
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("alert")).to_contain_text("lets nobody in")
    complaints.listen(page)  # from here on nothing is refused
    await page.get_by_label("Key").fill(key)
    await page.get_by_role("button", name="Log in").click()
    await page.locator("#connection[data-state=live]").wait_for()
    await drop(page, "guarded.csv")
    await page.get_by_role("heading", name="guarded.csv").or_(row(page, "guarded.csv")).first.wait_for()
    (cookie,) = await context.cookies()
    seen = await page.evaluate("document.cookie")
    found = await page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, location.href])")

    assert complaints.heard == []
    assert (cookie.get("httpOnly"), cookie.get("sameSite"), seen) == (True, "Strict", "")
    token = Token.parse(key)
    assert token is not None
    assert token.secret not in found + str(cookie)
    await page.get_by_role("button", name="Log out").click()
    await expect(page).to_have_url(LOGIN)
    assert (await page.request.get("/v1/tasks")).status == 401
    await context.close()


async def test_who_comes_after_a_logout_finds_nothing_in_the_browser(
    chromium: Browser, guarded: Installation, key: str
) -> None:
    """What the cache may give out without asking the gateway is asked for as such."""
    context = await chromium.new_context(base_url=guarded.url, viewport=DESKTOP)
    page = await context.new_page()
    await page.goto("/login")
    await page.get_by_label("Key").fill(key)
    await page.get_by_role("button", name="Log in").click()
    await page.locator("#connection[data-state=live]").wait_for()
    await drop(page, "private.csv", "name\nsomebody\n")
    report = page.get_by_role("link", name="report.html").first
    await report.wait_for()
    path = await report.get_attribute("href")
    seen = [await page.evaluate(CACHED, path) for _ in range(2)]
    await page.get_by_role("button", name="Log out").click()
    await expect(page).to_have_url(LOGIN)
    gone = await page.evaluate(CACHED, path)
    await page.go_back()
    await expect(page).to_have_url(LOGIN)  # asked again, since the page there leaves for this one before it is loaded

    assert (seen, gone) == ([200, 200], 401)
    await expect(page.get_by_text("private.csv")).to_have_count(0)
    await context.close()
