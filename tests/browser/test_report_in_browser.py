"""The report of a result in a real Chromium: from the dashboard, and from a file."""

from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, expect

from helpers.dashboard import TABLE, drop, state

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

HOSTILE = "<img src=x onerror=alert(1)><b id=injected>"
TABLE_OF_HOSTILE = f"{HOSTILE},n\n<svg onload=alert(2)>,1\n</style><script>alert(3)</script>,2\n"


async def report_of(page: Page, text: str) -> str:
    """The address of the report of a table's profile."""
    await page.goto("/")
    await drop(page, "report.csv", text)
    await expect(state(page)).to_have_text("succeeded")
    link = page.get_by_role("link", name="Open the report")
    await expect(link).to_be_visible()
    address = await link.get_attribute("href")
    assert address is not None
    return address


async def test_a_result_links_to_its_report(page: Page) -> None:
    await page.goto(await report_of(page, TABLE))
    await expect(page.get_by_role("heading", level=1)).to_have_text("report.csv")
    await expect(page.get_by_role("heading", name="delay")).to_be_visible()
    await expect(page.get_by_role("img", name="Histogram")).to_be_visible()


async def test_what_the_data_says_is_shown_and_never_done(page: Page) -> None:
    await page.goto(await report_of(page, TABLE_OF_HOSTILE))
    await expect(page.get_by_role("heading", level=3).first).to_contain_text(HOSTILE)
    await expect(page.get_by_text("</style><script>alert(3)</script>").first).to_be_visible()
    await expect(page.locator("#injected, img, script, [onload]")).to_have_count(0)


async def test_a_saved_report_opens_from_disk_alone_and_prints(
    page: Page, context: BrowserContext, tmp_path: Path
) -> None:
    answer = await page.request.get(await report_of(page, TABLE))
    saved = tmp_path / "report.html"
    saved.write_bytes(await answer.body())
    asked: list[str] = []
    alone = await context.new_page()
    alone.on("request", lambda request: asked.append(request.url))
    await alone.goto(saved.as_uri())

    assert asked == [saved.as_uri()]
    assert (await alone.pdf()).startswith(b"%PDF-")
