"""The page that shows the interface's document, in a real Chromium."""

import pytest
from playwright.async_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_reader_finds_every_operation_and_the_params_of_a_kind(page: Page) -> None:
    await page.goto("/dashboard/reference.html")
    await expect(page.locator("#createTask > summary")).to_contain_text("/v1/tasks")
    spec = await page.evaluate("fetch('/openapi.json').then((answer) => answer.json())")
    operations = [about["operationId"] for methods in spec["paths"].values() for about in methods.values()]
    await expect(page.locator("nav a")).to_have_count(len(operations))
    await page.locator("nav a[href='#createTask']").click()
    await expect(page.locator("#createTask pre").filter(has_text='"kind": "profile"')).to_be_visible()
    await page.goto("/dashboard/reference.html#schema-Params-profile")
    await expect(page.locator("#schema-Params-profile pre")).to_contain_text("top_k")


async def test_it_needs_nothing_from_elsewhere(page: Page, sundog_url: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto("/dashboard/reference.html")
    await expect(page.locator("#listTasks")).to_be_visible()

    assert asked
    assert all(url.startswith(sundog_url) for url in asked)
