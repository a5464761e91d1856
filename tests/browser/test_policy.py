"""The policies that pages are served under, in a real Chromium: none breaks its own, and what would is stopped."""

import re

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, expect

from helpers.complaints import Complaints
from helpers.dashboard import drop

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PAGES = ("/", "/login", "/dashboard/reference.html", "/#/tasks")
# Run by the browser before each page's own scripts; what it hears is kept past the page.
HEARS = """
document.addEventListener("securitypolicyviolation", (event) =>
  heardViolation(`${event.documentURI} ${event.effectiveDirective} ${event.blockedURI}`));
"""


@pytest_asyncio.fixture(loop_scope="session")
async def violations(context: BrowserContext) -> list[str]:
    """Every report of a broken policy, in all pages of the test's browser."""
    heard: list[str] = []
    await context.expose_function("heardViolation", lambda said: heard.append(said))  # noqa: PLW0108 - it is asked for its parameters
    await context.add_init_script(HEARS)
    return heard


async def test_no_page_breaks_the_policy_that_it_is_served_under(page: Page, violations: list[str]) -> None:
    for path in PAGES:
        answer = await page.goto(path, wait_until="load")
        policy = re.findall(r"(\S+-src|\S+-uri|frame-ancestors) ([^;]*)", await header(page, path))

        assert answer is not None
        assert {name for name, _ in policy} >= {"default-src", "script-src", "base-uri", "frame-ancestors"}
        assert not [value for _, value in policy if "unsafe" in value or "*" in value or "http" in value]
    await page.goto("/")
    await drop(page, "policy.csv", 'a,b\n1,<b>x</b>\n2,"<script>alert(1)</script>"\n')
    await expect(page.locator(".result-head .flag")).to_have_text("exact")

    assert violations == []


async def test_what_is_written_into_a_page_is_not_run(
    page: Page, violations: list[str], complaints: Complaints
) -> None:
    await page.goto("/login")
    await page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "document.title = 'taken'";
          document.body.append(script);
          document.body.insertAdjacentHTML("beforeend", "<b onclick=\\"document.title = 'taken'\\" id=trap>x</b>");
          document.getElementById("trap").click();
        }"""
    )
    await expect(page.locator("#trap")).to_be_visible()

    complaints.forgive("Executing inline")
    assert "taken" not in await page.title()
    assert [line.split()[1] for line in violations] == ["script-src-elem", "script-src-attr"]


async def header(page: Page, path: str) -> str:
    return str((await page.request.get(path)).headers["content-security-policy"])
