"""What a test does at the dashboard, and at the API beside it."""

import json
from collections.abc import Mapping

from playwright.async_api import FilePayload, Locator, Page, ViewportSize

DESKTOP = ViewportSize(width=1366, height=900)
PHONE = ViewportSize(width=360, height=740)

TABLE = "delay,carrier\n" + "".join(f"{n % 12},{'AA' if n % 3 else 'B6'}\n" for n in range(3000))

DROP = """
([name, text]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([text], name, {type: "text/csv"}));
  for (const type of ["dragover", "drop"]) {
    document.body.dispatchEvent(new DragEvent(type, {dataTransfer: carried, bubbles: true, cancelable: true}));
  }
}
"""


async def drop(page: Page, name: str, text: str = TABLE) -> None:
    """Drop a file onto the page."""
    await page.evaluate(DROP, [name, text])


async def pick(page: Page, name: str) -> None:
    """Choose a file by the picker."""
    file = FilePayload(name=name, mimeType="text/csv", buffer=TABLE.encode())
    await page.get_by_label("File for data").set_input_files(file)


async def choose(page: Page, kind: str) -> None:
    await page.get_by_label("Kind").select_option(kind)


async def submit(page: Page, *, name: str, kind: str = "profile", params: Mapping[str, object] | None = None) -> str:
    """Hand in a table and ask for a task as a script does; gives the task's id."""
    uploaded = await page.request.put(f"/v1/datasets/{name}", data=TABLE.encode())
    dataset = (await uploaded.json())["id"]
    asked = {"kind": kind, "inputs": {"data": dataset}, "params": dict(params or {})}
    submitted = await page.request.post("/v1/tasks", data=asked)
    assert submitted.status == 202, await submitted.text()
    return str((await submitted.json())["id"])


async def cancel(page: Page, task: str) -> None:
    answer = await page.request.post(f"/v1/tasks/{task}/cancel")
    assert answer.ok, await answer.text()


def row(page: Page, name: str) -> Locator:
    """The task's row in the list, by its input's name."""
    return page.get_by_role("listitem").filter(has=page.get_by_role("link", name=name))


def state(page: Page) -> Locator:
    """The state on a task's page."""
    return page.locator(".badges .state")


def card(page: Page, column: str) -> Locator:
    return page.get_by_role("article").filter(has=page.get_by_role("heading", name=column, exact=True))


async def turn(page: Page, visibility: str) -> None:
    """Tell the page that it can be seen or cannot: a headless browser shows all of its pages."""
    await page.evaluate(
        f"Object.defineProperty(document, 'visibilityState', {{value: {json.dumps(visibility)}, configurable: true}});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
