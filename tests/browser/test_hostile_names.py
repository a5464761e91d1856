"""Columns whose names attack whoever shows them, from the upload to the dashboard and the report: all is shown, nothing
is done."""

import csv
import io
from collections.abc import Callable

import polars as pl
import pytest
from playwright.async_api import Page, expect

from helpers.dashboard import state

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

MARKUP = "<img src=x onerror=alert(1)><b id=injected>b</b>"
CLOSING = "</title></style></script><script>alert(2)</script>"
ATTRIBUTE = "\" autofocus onfocus=alert(3) x='"
LINK = "javascript:alert(4)"
SQL = "'; DROP TABLE result; --"
TEMPLATE = "{{7*7}}${7*7}{% raw %}"
CONTROLS = "a\x00b\x1b[31mred\u202egnp\r\nSet-Cookie: x=1"
PROTOTYPE = "__proto__"
FORMULA = "=cmd|' /C calc'!A0"
LONG = "long <i id=injected>" * 50_000  # 1 MB
NAMES = [MARKUP, CLOSING, ATTRIBUTE, LINK, SQL, TEMPLATE, CONTROLS, PROTOTYPE, FORMULA]
SHOWN = [MARKUP, CLOSING, ATTRIBUTE, LINK, SQL, TEMPLATE, r"\x1b[31mred\u202egnp\r\nSet-Cookie", PROTOTYPE, FORMULA]
DONE = "#injected, img, [onfocus], [onerror], a[href^=javascript]"


def as_csv() -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(NAMES)
    writer.writerows([[f"{name[:20]}-{number}" for name in NAMES] for number in range(3)])
    return text.getvalue().encode()


def as_parquet() -> bytes:
    out = io.BytesIO()
    pl.DataFrame({name: [name[:100], "x", None] for name in [*NAMES, LONG]}).write_parquet(out)
    return out.getvalue()


FILES: dict[str, Callable[[], bytes]] = {"hostile.csv": as_csv, "hostile.parquet": as_parquet}


async def profiled(page: Page, name: str, data: bytes) -> str:
    """Its profile, asked for as a script does; gives the task's id."""
    dataset = (await (await page.request.put(f"/v1/datasets/{name}", data=data)).json())["id"]
    asked = {"kind": "profile", "inputs": {"data": dataset}}
    answer = await page.request.post("/v1/tasks", data=asked)
    assert answer.status == 202, await answer.text()
    return str((await answer.json())["id"])


@pytest.mark.parametrize("file", FILES)
async def test_hostile_names_of_columns_are_shown_and_never_done(page: Page, file: str) -> None:
    task = await profiled(page, file, FILES[file]())

    await page.goto(f"/#/tasks/{task}")
    await expect(state(page)).to_have_text("succeeded")
    await expect(page.locator("article.card:not(.estimate)")).to_have_count(len(NAMES) + file.endswith("parquet"))
    for name in SHOWN:
        await expect(page.locator("article.card h3", has_text=name[:60])).to_have_count(1)
    await expect(
        page.locator("#injected, main img, main [onfocus], main [onerror], main a[href^=javascript]")
    ).to_have_count(0)
    assert await page.evaluate("Object.keys(Object.prototype).length + document.cookie") == "0"

    await page.goto(f"/v1/tasks/{task}/artifacts/report.html")
    for name in SHOWN:
        await expect(page.get_by_role("heading", level=3).filter(has_text=name)).to_have_count(1)
    await expect(page.locator(f"{DONE}, script")).to_have_count(0)


@pytest.mark.parametrize("file", FILES)
async def test_the_json_of_hostile_names_names_all_columns_in_what_can_be_shown(page: Page, file: str) -> None:
    task = await profiled(page, file, FILES[file]())
    await page.goto(f"/#/tasks/{task}")
    await expect(state(page)).to_have_text("succeeded")
    result = await (await page.request.get(f"/v1/tasks/{task}/result")).json()
    names = [column["name"] for column in result["data"]["columns"]]

    assert [name for name in names[: len(NAMES)] if name in NAMES] == [name for name in NAMES if name != CONTROLS]
    assert all(name.isprintable() and len(name) <= 200 for name in names)
    assert len(names) == len(NAMES) + file.endswith("parquet")
    assert {warning["code"] for warning in result["warnings"]} >= {"column_names"}
