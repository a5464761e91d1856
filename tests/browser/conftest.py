"""A real Chromium, a real Sundog, and a page that complains when the console does."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from helpers.complaints import Complaints
from helpers.dashboard import DESKTOP
from helpers.installation import Installation
from helpers.plugin_environment import environment_with_kind

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
PATIENCE_MS = 30_000  # an analysis in a busy suite takes longer than a browser waits by itself
expect.set_options(timeout=PATIENCE_MS)
MISSING = "There is no browser: install chromium, or name one in SUNDOG_CHROMIUM."


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where Chromium is. A machine without one skips these tests; where CI=true they fail instead."""
    found = os.environ.get("SUNDOG_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found:
        return found
    if os.environ.get("CI") == "true":
        pytest.fail(MISSING)
    pytest.skip(MISSING)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium(chromium_path: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def sundog(chromium_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A running Sundog that also has the kind `unhurried`; asked for a browser first, so that a skip costs nothing."""
    folder = tmp_path_factory.mktemp("sundog")
    python = environment_with_kind(Path(__file__).parent / "unhurried.py", folder=folder / "environment")
    with Installation(folder / "data", python=python) as sundog:
        yield sundog


@pytest.fixture(scope="session")
def sundog_url(sundog: Installation) -> str:
    return sundog.url


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest_asyncio.fixture(loop_scope="session")
async def context(chromium: Browser, sundog_url: str, complaints: Complaints) -> AsyncIterator[BrowserContext]:
    """A browser of its own for each test. A test in which a page complained fails, whatever else it found."""
    context = await chromium.new_context(base_url=sundog_url, viewport=DESKTOP)
    context.on("page", complaints.listen)
    yield context
    await context.close()
    assert complaints.heard == []


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext) -> Page:
    """The dashboard, live."""
    page = await context.new_page()
    await page.goto("/")
    await page.locator("#connection[data-state=live]").wait_for()
    return page
