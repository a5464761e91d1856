"""One task of each kind by the form in a real Chromium, and what its result shows."""

import pytest
from playwright.async_api import FilePayload, Locator, Page, expect

from helpers.dashboard import card, choose, drop, pick, row, state

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LEFT = "id,amount\n1,10\n2,20\n3,30\n"
RIGHT = "id,amount\n2,20\n3,31\n4,40\n"
RULES = '[{"rule": "between", "column": "amount", "max": 25}]'


async def hand_in(page: Page, name: str, text: str, *, label: str) -> None:
    await page.get_by_label(label, exact=True).set_input_files(
        FilePayload(name=name, mimeType="text/csv", buffer=text.encode())
    )


async def say(page: Page, param: str, text: str) -> None:
    """Type a param into its field, opening the fields where they are closed."""
    field = page.locator("label.field").filter(has=page.get_by_text(param, exact=True)).locator("input, textarea")
    if not await field.is_visible():
        await page.locator("summary", has_text="Params").click()
    await field.fill(text)


async def analyse(page: Page) -> None:
    await page.get_by_role("button", name="Analyse").click()
    await ended_well(page)


async def ended_well(page: Page) -> None:
    await expect(state(page)).to_have_text("succeeded")
    await expect(page.locator(".result-head .flag")).to_have_text("exact")
    await expect(page.get_by_role("link", name="Open the report")).to_be_visible()
    await expect(page.get_by_text("[object")).to_have_count(0)


def cells(page: Page, table: str) -> Locator:
    return page.get_by_role("region", name=table, exact=True).locator("td")


async def test_a_profile_starts_with_its_file_and_shows_its_columns_as_cards(page: Page) -> None:
    await choose(page, "profile")
    await pick(page, "profiled.csv")
    await ended_well(page)
    await expect(card(page, "delay").locator(".histogram rect").first).to_be_visible()


async def test_a_query_shows_its_rows(page: Page) -> None:
    await choose(page, "query")
    await hand_in(page, "orders.csv", LEFT, label="Another file")
    await hand_in(page, "others.csv", RIGHT, label="Another file")
    await say(page, "sql *", "SELECT o.id, p.amount FROM orders o JOIN others p USING (id) ORDER BY id")
    await analyse(page)
    await expect(cells(page, "preview")).to_have_text(["2", "20", "3", "31"])


async def test_a_validation_without_rules_suggests_some(page: Page) -> None:
    await choose(page, "validate")
    await hand_in(page, "unruled.csv", LEFT, label="File for data")
    await analyse(page)
    await expect(cells(page, "suggested").get_by_text("not_null").first).to_be_visible()


async def test_a_validation_takes_rules_as_json_and_shows_what_broke_them(page: Page) -> None:
    await choose(page, "validate")
    await hand_in(page, "ruled.csv", LEFT, label="File for data")
    await say(page, "rules", RULES)
    await analyse(page)
    await expect(page.locator(".summary")).to_contain_text("fail")
    await expect(cells(page, "rules").get_by_text("between").first).to_be_visible()


async def test_a_param_that_is_no_json_is_named(page: Page) -> None:
    await choose(page, "validate")
    await hand_in(page, "slip.csv", LEFT, label="File for data")
    await say(page, "rules", "[{")
    await page.get_by_role("button", name="Analyse").click()
    await expect(page.locator(".submit .error-note")).to_contain_text("rules is no JSON")


async def test_a_comparison_waits_for_its_params_when_both_files_are_there(page: Page) -> None:
    await choose(page, "compare")
    await hand_in(page, "before.csv", LEFT, label="File for left")
    await hand_in(page, "after.csv", RIGHT, label="File for right")
    await say(page, "keys", "id")
    await analyse(page)
    await expect(cells(page, "columns").first).to_have_text("amount")
    await expect(page.locator(".summary")).to_contain_text("changed")
    await page.goto("/")
    await expect(row(page, "before.csv").locator(".kind")).to_have_text("compare")


async def test_a_conversion_shows_what_it_wrote(page: Page) -> None:
    await choose(page, "convert")
    await pick(page, "converted.csv")
    await ended_well(page)
    await expect(cells(page, "columns").first).to_have_text("delay")
    await expect(page.get_by_role("link", name="data.parquet")).to_be_visible()


async def test_alerts_past_the_first_few_are_behind_a_fold(page: Page) -> None:
    names = [f"c{number}" for number in range(9)]
    await page.goto("/")
    await drop(page, "constant.csv", ",".join(names) + "\n" + "7,7,7,7,7,7,7,7,7\n" * 50)
    await expect(page.get_by_role("heading", name="Alerts")).to_be_visible()
    hidden = page.get_by_text("'c8' holds one value only.")

    await expect(hidden).to_be_hidden()
    await page.locator(".more-alerts summary").click()
    await expect(hidden).to_be_visible()


STORY = """
async () => {
  const { Story } = await import("/dashboard/story.js");
  const story = new Story();
  const column = (number) => ({ name: `c${number}`, dtype: "Int64", type: "number" });
  const tell = (seq, estimate, from, numbers) =>
    story.tell("partial", { seq, estimate, result: { columns: numbers.map(column), place: { from, of: 4 } } });
  tell(1, true, 0, [0, 1]);
  tell(2, true, 2, [2, 3]);
  tell(3, false, 0, [0, 1]);
  const { estimate, result } = story.partial;
  return [estimate, result.columns.map(({ name, estimate }) => `${name} ${estimate}`)];
}
"""


async def test_columns_that_come_some_at_a_time_take_their_places(page: Page) -> None:
    await page.goto("/")

    assert await page.evaluate(STORY) == [True, ["c0 false", "c1 false", "c2 true", "c3 true"]]
