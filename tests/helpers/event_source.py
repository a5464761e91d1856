"""A browser's own EventSource on an empty page: what it was told, and how its connections fared."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from playwright.async_api import Browser, Page, Request, Route

NAMES: Final = ("queued", "started", "log", "partial", "succeeded", "progress", "end", "reset")
# Without an icon of its own the browser would ask the server for one.
EMPTY: Final = '<!doctype html><link rel="icon" href="data:,"><title>empty</title>'
WATCH: Final = """
([path, names]) => {
  const seen = {told: [], opened: 0};
  const source = new EventSource(path);
  source.onopen = () => seen.opened++;
  for (const name of names)
    source.addEventListener(name, ({lastEventId}) => seen.told.push([name, lastEventId]));
  (window.watched ??= []).push({source, seen});
}
"""


@dataclass(slots=True)
class SourcePage:
    """A page that watches.

    Attributes:
        requests: for event streams, in order.
    """

    page: Page
    requests: list[Request]

    async def watch(self, path: str) -> None:
        """Open another EventSource."""
        await self.page.evaluate(WATCH, [path, NAMES])

    async def until(self, condition: str) -> None:
        """Wait until this is true of every EventSource; it is written of `source` and `seen`."""
        await self.page.wait_for_function(f"watched.every(({{source, seen}}) => {condition})")

    async def until_told(self, event_id: int | str) -> None:
        """Wait until every EventSource was told the event of this id."""
        await self.until(f"seen.told.some(([, id]) => id === {json.dumps(str(event_id))})")

    async def told(self) -> list[tuple[str, str]]:
        """What the first EventSource was told: name and lastEventId, in order."""
        return [(name, last) for name, last in await self._seen("told")]

    async def opened(self) -> int:
        """How often the first EventSource was connected."""
        return int(await self._seen("opened"))

    async def _seen(self, what: str) -> Any:
        return await self.page.evaluate(f"watched[0].seen.{what}")


@asynccontextmanager
async def source_page(browser: Browser, url: str) -> AsyncIterator[SourcePage]:
    """An empty page of the origin at `url`, in a browser of its own; no connection was made for it."""
    context = await browser.new_context(base_url=url, ignore_https_errors=True)
    try:
        page = await context.new_page()
        await page.route("**/empty", _empty)
        await page.goto("/empty")
        await page.unroute("**/empty")
        requests: list[Request] = []
        page.on("request", lambda request: requests.append(request) if "/events" in request.url else None)
        yield SourcePage(page, requests)
    finally:
        await context.close()


async def _empty(route: Route) -> None:
    await route.fulfill(content_type="text/html", body=EMPTY)
