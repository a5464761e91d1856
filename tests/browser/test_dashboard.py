"""The dashboard in a real Chromium, against a real Sundog. Every test also fails when the console complains."""

import os
import signal

import pytest
from playwright.async_api import BrowserContext, Page, Request, ViewportSize, expect

from helpers.complaints import Complaints
from helpers.dashboard import DESKTOP, PHONE, cancel, card, choose, drop, pick, row, state, submit, turn
from helpers.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LONG_MS = 30_000
HOSTILE = "<img src=x onerror=alert(1)><b id=injected>"


async def open_task(page: Page, task: str) -> None:
    await page.goto(f"/#/tasks/{task}")


async def test_a_dropped_file_becomes_a_task_whose_column_cards_appear_without_a_reload(page: Page) -> None:
    await page.evaluate("window.neverReloaded = true")
    await drop(page, "dropped.csv")
    await expect(page.get_by_role("heading", name="dropped.csv")).to_be_visible()
    await expect(state(page)).to_have_text("succeeded")
    await expect(page.locator(".result-head .flag")).to_have_text("exact")
    await expect(card(page, "delay").locator(".histogram rect").first).to_be_visible()
    await expect(card(page, "delay").locator("figcaption span")).to_have_text(["0", "11"])
    await expect(card(page, "carrier").locator(".top-values li").first).to_contain_text("AA")
    assert await page.evaluate("window.neverReloaded")


async def test_a_file_that_was_picked_shows_its_progress_and_an_estimate_while_it_runs(page: Page) -> None:
    await choose(page, "unhurried")
    await pick(page, "picked.csv")
    await expect(state(page)).to_have_text("running")
    await expect(page.locator(".bar.wide[aria-valuenow='50']")).to_be_visible()
    await expect(page.locator(".progress .detail")).to_contain_text("500,000 of 1,000,000 rows")
    await expect(page.locator(".result-head .flag")).to_have_text("estimate")
    await expect(card(page, "delay").locator(".flag")).to_have_text("estimate")
    await page.get_by_role("button", name="Cancel").click()
    await expect(state(page)).to_have_text("cancelled")


async def test_the_list_changes_live_when_a_script_submits_a_task(page: Page) -> None:
    task = await submit(page, name="scripted.csv", kind="unhurried")
    await expect(row(page, "scripted.csv").locator(".state")).to_have_text("running")
    await expect(row(page, "scripted.csv").locator(".figure")).to_have_text("50 %")
    await cancel(page, task)
    await expect(row(page, "scripted.csv").locator(".state")).to_have_text("cancelled")


async def test_a_reload_in_the_middle_of_a_run_shows_everything_again(page: Page) -> None:
    task = await submit(page, name="reloaded.csv", kind="unhurried")
    await open_task(page, task)
    await expect(page.locator(".log .lines")).to_contain_text("there is no hurry")
    await page.reload()
    await expect(page.get_by_role("heading", name="reloaded.csv")).to_be_visible()
    await expect(state(page)).to_have_text("running")
    await expect(page.locator(".bar.wide[aria-valuenow='50']")).to_be_visible()
    await expect(card(page, "delay")).to_be_visible()
    await expect(page.locator(".log li")).to_contain_text(["queued", "attempt 1 started", "no hurry", "estimate"])
    await expect(page.locator(".attempts tbody tr")).to_have_count(1)
    await cancel(page, task)


async def test_a_task_is_cancelled_from_the_list(page: Page) -> None:
    await submit(page, name="unwanted.csv", kind="unhurried")
    await row(page, "unwanted.csv").get_by_role("button", name="Cancel").click()
    await expect(row(page, "unwanted.csv").locator(".state")).to_have_text("cancelled")
    await expect(row(page, "unwanted.csv").get_by_role("button")).to_be_hidden()


async def test_a_filter_shows_the_tasks_of_one_state(page: Page) -> None:
    await cancel(page, await submit(page, name="stopped.csv", kind="unhurried"))
    await expect(row(page, "stopped.csv").locator(".state")).to_have_text("cancelled")
    await page.get_by_role("button", name="succeeded").click()
    await expect(row(page, "stopped.csv")).to_have_count(0)
    await page.get_by_role("button", name="cancelled").click()
    await expect(row(page, "stopped.csv")).to_be_visible()


async def test_a_column_name_that_is_html_is_shown_as_text(page: Page) -> None:
    await drop(page, "hostile.csv", f"{HOSTILE},n\n<svg onload=alert(2)>,1\nx,2\n")
    await expect(page.locator(".result-head .flag")).to_have_text("exact")
    await expect(page.locator(".card h3").first).to_have_text(HOSTILE)
    await expect(page.locator(".top-values")).to_contain_text(["<svg onload=alert(2)>"])
    await expect(page.locator("#injected, main img, main [onload]")).to_have_count(0)


async def test_a_card_says_that_there_is_personal_data_inside_of_its_column(page: Page) -> None:
    rows = [f'{{"who": {{"mail": "u{n}@example.org"}}, "n": {n}}}\n' for n in range(5)]
    await drop(page, "people.ndjson", "".join(rows))
    await expect(page.locator(".result-head .flag")).to_have_text("exact")
    await expect(card(page, "who").locator(".oddities")).to_have_text("personal data")
    await expect(card(page, "n")).not_to_contain_text("personal data")


async def test_a_failed_task_says_why_and_what_to_do(page: Page) -> None:
    await drop(page, "empty.csv", "\n")
    await expect(state(page)).to_have_text("failed")
    await expect(page.locator(".failure .error-note p").first).not_to_be_empty()


async def test_several_files_are_queried_under_their_names(page: Page) -> None:
    await choose(page, "query")
    await drop(page, "flights of may.csv")
    await drop(page, "flights of may.csv.gz", "carrier,name\nAA,American\n")
    await expect(page.get_by_text("as flights_of_may_2")).to_be_visible()
    await page.get_by_role("textbox", name="sql").fill(
        "SELECT name, count(*) AS n FROM flights_of_may JOIN flights_of_may_2 USING (carrier) GROUP BY name"
    )
    await page.get_by_role("button", name="Analyse").click()

    await expect(page.get_by_role("heading", name="flights of may.csv")).to_be_visible()
    await expect(state(page)).to_have_text("succeeded")
    await expect(page.get_by_text("result.parquet")).to_be_visible()


async def test_a_refused_param_is_told_beside_the_form(page: Page) -> None:
    await choose(page, "unhurried")
    await page.get_by_text("Params", exact=True).click()
    await page.get_by_role("checkbox", name="as JSON").check()
    await page.get_by_label("Params as JSON").fill('{"seconds": ')
    await drop(page, "params.csv")
    await expect(page.locator(".submit .error-note")).to_contain_text("The params are no JSON")


async def test_the_page_runs_under_a_policy_that_allows_no_inline_code(page: Page) -> None:
    answer = await page.request.get("/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_nothing_has_to_be_scrolled_sideways(page: Page, size: ViewportSize) -> None:
    await page.set_viewport_size(size)
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    await expect(page.get_by_label("Kind")).to_be_visible()
    assert await page.evaluate(overflow) == 0
    await drop(page, f"{'a' * 150}.csv", f"{'c' * 3000},n\n{'v' * 3000},1\n")
    await expect(page.locator(".result-head .flag")).to_have_text("exact")
    assert await page.evaluate(overflow) == 0
    await page.get_by_role("link", name="All tasks").click()
    await expect(page.get_by_role("heading", name="Tasks")).to_be_visible()
    assert await page.evaluate(overflow) == 0


async def test_the_dark_scheme_is_dark(page: Page) -> None:
    brightness = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
    light = await page.evaluate(brightness)
    await page.emulate_media(color_scheme="dark")
    dark = await page.evaluate(brightness)
    assert min(light) > 200
    assert max(dark) < 60


async def test_a_task_is_reached_by_keyboard(page: Page) -> None:
    task = await submit(page, name="keyboard.csv")
    await row(page, "keyboard.csv").get_by_role("link").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="keyboard.csv")).to_be_focused()
    assert page.url.endswith(task)


async def test_seven_windows_share_one_stream_of_all_tasks(context: BrowserContext) -> None:
    streams: list[str] = []
    context.on("request", lambda request: streams.append(request.url) if "/v1/events" in request.url else None)
    pages = [await context.new_page() for _ in range(7)]
    for page in pages:
        await page.goto("/")
        await expect(page.locator("#connection")).to_have_text("live")
    task = await submit(pages[0], name="shared.csv", kind="unhurried")
    for page in pages:
        await expect(row(page, "shared.csv").locator(".state")).to_have_text("running")
    assert len(streams) == 1
    await pages[0].close()
    await cancel(pages[1], task)
    for page in pages[1:]:
        await expect(row(page, "shared.csv").locator(".state")).to_have_text("cancelled")
    assert len(streams) == 2


async def test_a_hidden_page_gives_its_streams_back_and_goes_on_where_it_was(page: Page) -> None:
    task = await submit(page, name="hidden.csv", kind="unhurried")
    await open_task(page, task)
    await expect(page.locator(".bar.wide[aria-valuenow='50']")).to_be_visible()
    await expect(page.locator(".log li")).to_contain_text(["queued", "started"])  # so there is a cursor to go on from

    def is_feed(request: Request) -> bool:
        return f"{task}/events" in request.url

    async with page.expect_event("requestfailed", is_feed):
        await turn(page, "hidden")
    await expect(page.locator(".feed")).to_have_text("paused")
    async with page.expect_request(is_feed) as reopened:
        await turn(page, "visible")
    request = await reopened.value
    assert not request.url.endswith("after=0")
    await expect(page.locator(".feed")).to_have_text("live")
    await cancel(page, task)
    await expect(state(page)).to_have_text("cancelled")
    await expect(page.locator(".log li")).to_contain_text(["queued", "started", "no hurry", "estimate", "cancelled"])


async def test_a_gateway_that_dies_is_waited_for(page: Page, sundog: Installation, complaints: Complaints) -> None:
    task = await submit(page, name="patient.csv", kind="unhurried")
    await open_task(page, task)
    await expect(page.locator(".feed")).to_have_text("live")
    os.kill(sundog.pid_of("sundog gateway"), signal.SIGKILL)
    await expect(page.locator("#connection")).to_have_text("reconnecting…")
    await expect(page.locator("#connection")).to_have_text("live", timeout=LONG_MS)
    await expect(page.locator(".feed")).to_have_text("live", timeout=LONG_MS)
    await cancel(page, task)
    await expect(state(page)).to_have_text("cancelled")
    await expect(page.locator(".error-note")).to_have_count(0)
    lines = page.locator(".log li")
    await expect(lines).to_contain_text(["queued", "started", "no hurry", "estimate", "cancelled"])
    await expect(lines).to_have_count(5)
    complaints.forgive("Failed to load resource")
