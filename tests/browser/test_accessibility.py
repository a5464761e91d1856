"""What axe-core, in a real Chromium, finds wrong with the pages for those who do not see or do not use a mouse."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, expect

from helpers.complaints import Complaints
from helpers.dashboard import PHONE, cancel, drop, row, state, submit

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

TABLE = "at,carrier,delay,late\n" + "".join(
    f"2013-01-{n % 28 + 1:02} {n % 24:02}:00,{'AA' if n % 3 else 'B6'},{n % 12},{n * 2 % 24}\n" for n in range(300)
)
ALL = {"resultTypes": ["violations"]}
CONTRAST = {**ALL, "runOnly": ["color-contrast"]}


@pytest_asyncio.fixture(loop_scope="session")
async def small(chromium: Browser, sundog_url: str, complaints: Complaints) -> AsyncIterator[BrowserContext]:
    """A telephone, whose pages have to scroll where a desktop's need not."""
    context = await chromium.new_context(base_url=sundog_url, viewport=PHONE, reduced_motion="reduce")
    context.on("page", complaints.listen)
    yield context
    await context.close()
    assert complaints.heard == []


async def faults(page: Page) -> list[str]:
    """The rules that the page breaks in the light, and in the dark as far as colours go, with the elements that do."""
    # Somebody who is asked whether a page can be scrolled sideways does not want to: axe has no rule for it.
    sideways = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    broken = await violations(page, ALL)
    await page.emulate_media(color_scheme="dark")
    dark = await violations(page, CONTRAST)
    await page.emulate_media(color_scheme="light")
    return [*broken, *dark, *(["wider than the window"] if sideways else [])]


async def violations(page: Page, options: dict[str, Any]) -> list[str]:
    found: dict[str, Any] = (await Axe().run(page, options=options)).response
    return [f"{rule['id']}: {[node['target'] for node in rule['nodes']][:5]}" for rule in found["violations"]]


async def live(context: BrowserContext) -> Page:
    page = await context.new_page()
    await page.goto("/")
    await page.locator("#connection[data-state=live]").wait_for()
    return page


async def test_the_list_of_tasks_can_be_used_by_all(small: BrowserContext) -> None:
    page = await live(small)
    await submit(page, name="heard.csv", kind="unhurried", params={"seconds": 0})
    task = await submit(page, name="seen.csv", kind="unhurried")
    await expect(row(page, "seen.csv").locator(".figure").first).to_have_text("50 %")
    await expect(row(page, "heard.csv").first.locator(".state")).to_have_text("succeeded")

    assert await faults(page) == []
    await cancel(page, task)


async def test_a_task_can_be_followed_by_all_while_it_runs(small: BrowserContext) -> None:
    page = await live(small)
    task = await submit(page, name="followed.csv", kind="unhurried")
    await page.goto(f"/#/tasks/{task}")
    await expect(page.locator(".bar.wide[aria-valuenow='50']")).to_be_visible()
    await expect(page.locator(".log .lines")).to_contain_text("there is no hurry")

    assert await faults(page) == []
    await cancel(page, task)


async def test_a_result_and_its_report_can_be_read_by_all(small: BrowserContext, tmp_path: Path) -> None:
    page = await live(small)
    await drop(page, "read.csv", TABLE)
    await expect(state(page)).to_have_text("succeeded")
    link = page.get_by_role("link", name="Open the report")
    await expect(link).to_be_visible()

    assert await faults(page) == []

    # From a file: the gateway's answer forbids scripts, and axe is one.
    answer = await page.request.get(str(await link.get_attribute("href")))
    saved = tmp_path / "report.html"
    saved.write_bytes(await answer.body())
    await page.goto(saved.as_uri())
    await expect(page.get_by_role("heading", name="delay")).to_be_visible()
    assert await faults(page) == []


async def test_a_failure_can_be_read_by_all(small: BrowserContext) -> None:
    page = await live(small)
    await drop(page, "failed.csv", "<!doctype html><html><body>no table</body></html>")
    await expect(state(page)).to_have_text("failed")
    await expect(page.locator(".error-note").first).to_be_visible()

    assert await faults(page) == []


async def test_the_reference_can_be_read_by_all(small: BrowserContext) -> None:
    page = await small.new_page()
    await page.goto("/dashboard/reference.html")
    await expect(page.locator("#createTask > summary")).to_contain_text("/v1/tasks")

    assert await faults(page) == []
