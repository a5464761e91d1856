"""A real EventSource in a real browser against a real gateway, without any code of the dashboard."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from gateway.feed import MOST_EVENTS
from helpers.complaints import Complaints
from helpers.cutting_proxy import cutting_proxy
from helpers.dashboard import turn
from helpers.database import Database
from helpers.event_source import SourcePage, source_page
from helpers.eventually import eventually
from helpers.gateways import GatewayFactory, RunningGateway
from helpers.own_task import in_own_task
from helpers.proxies import PROGRAMS, ProxyFactory
from helpers.storytellers import Storyteller, storyteller
from processor.claim import Claim

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

RETRY_S: Final = 0.2
STORY: Final = ("queued", "started")


@pytest.fixture
def gateways(chromium_path: str, database: Database, tmp_path: Path) -> GatewayFactory:
    return GatewayFactory(database=database, folder=tmp_path)


@pytest_asyncio.fixture(loop_scope="session")
async def gateway(gateways: GatewayFactory) -> AsyncIterator[RunningGateway]:
    async with in_own_task(gateways.start(retry_s=RETRY_S)) as gateway:
        yield gateway


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Browser, complaints: Complaints) -> AsyncIterator[Page]:
    """A page for the dashboard of a gateway of our own; it must not complain."""
    page = await chromium.new_page()
    complaints.listen(page)
    yield page
    await page.close()
    assert complaints.heard == []


@pytest_asyncio.fixture(loop_scope="session")
async def teller(database: Database) -> AsyncIterator[Storyteller]:
    async with in_own_task(storyteller(database)) as teller:
        yield teller


def feed_of(claim: Claim) -> str:
    return f"/v1/tasks/{claim.task}/events"


def ids(told: list[tuple[str, str]]) -> list[str]:
    """The ids of the events of the story; progress and the end have none of their own."""
    return [event_id for name, event_id in told if name not in {"progress", "end"}]


def up_to(last: int) -> list[str]:
    return [str(number) for number in range(1, last + 1)]


async def test_a_source_that_is_cut_again_and_again_is_told_each_event_once(
    chromium: Browser, gateway: RunningGateway, teller: Storyteller
) -> None:
    claim = await teller.running()
    async with (
        cutting_proxy(gateway.url, events=2, bytes_more=7) as proxy,
        source_page(chromium, proxy.url) as page,
    ):
        await page.watch(feed_of(claim))
        await page.until_told(2)
        await teller.tell(claim, *(f"line {number}" for number in range(3, 9)))
        await teller.succeed(claim)
        await page.until("source.readyState === EventSource.CLOSED")
        told = await page.told()

    assert ids(told) == up_to(9)
    assert proxy.cut >= 3


async def test_a_browser_that_was_offline_goes_on_with_the_next_event(
    chromium: Browser, gateway: RunningGateway, teller: Storyteller
) -> None:
    claim = await teller.running()
    async with (
        cutting_proxy(gateway.url, events=2, bytes_more=7) as proxy,
        source_page(chromium, proxy.url) as page,
    ):
        await page.watch(feed_of(claim))
        await page.until_told(2)
        await page.page.context.set_offline(True)
        await page.page.wait_for_function("fetch('/healthz').then(() => false, () => true)")
        # Chromium lets a connection live that was there before: the proxy cuts it at the next event.
        await teller.tell(claim, "while it was offline", "and again")
        await page.until("source.readyState === EventSource.CONNECTING")
        assert ids(await page.told()) == up_to(2)
        await page.page.context.set_offline(False)
        await page.until_told(4)
        told = await page.told()

    assert ids(told) == up_to(4)


async def test_after_the_end_it_comes_back_once_and_is_sent_away_for_good(
    chromium: Browser, gateway: RunningGateway, teller: Storyteller
) -> None:
    claim = await teller.running()
    async with source_page(chromium, gateway.url) as page:
        await page.watch(feed_of(claim))
        await page.until_told(2)
        await teller.succeed(claim)
        await page.until("source.readyState === EventSource.CLOSED")
        told = await page.told()
        answers = [await request.response() for request in page.requests]

    assert told == [(name, number) for name, number in zip((*STORY, "succeeded"), up_to(3), strict=True)] + [
        ("end", "3")
    ]
    assert [answer and answer.status for answer in answers] == [200, 204]


async def test_rotation_shows_in_nothing_but_new_connections(
    chromium: Browser, gateways: GatewayFactory, teller: Storyteller
) -> None:
    claim = await teller.running()
    async with (
        gateways.start(rotate_s=0.3, heartbeat_s=0.3, retry_s=RETRY_S) as gateway,
        source_page(chromium, gateway.url) as page,
    ):
        await page.watch(feed_of(claim))
        last = await tell_until_opened(page, teller, claim, times=4)
        told = await page.told()

    assert [name for name, _ in told] == [*STORY, *["log"] * (last - 2)]
    assert ids(told) == up_to(last)


async def tell_until_opened(page: SourcePage, teller: Storyteller, claim: Claim, *, times: int) -> int:
    """Tell one event after the other until the source was connected so often; gives the last one's number."""
    last = 2
    while await page.opened() < times:
        await teller.tell(claim, f"line {last + 1}")
        last += 1
        await page.until_told(last)
    return last


@pytest.mark.parametrize("program", PROGRAMS)
async def test_over_http_2_seven_sources_of_one_browser_leave_room_for_more(
    chromium: Browser, gateway: RunningGateway, teller: Storyteller, program: str, tmp_path: Path
) -> None:
    claim = await teller.running()
    async with (
        ProxyFactory(program=PROGRAMS[program], folder=tmp_path).before(gateway.url) as proxy,
        source_page(chromium, proxy.url) as page,
    ):
        for _ in range(7):
            await page.watch(feed_of(claim))
        await page.until_told(2)
        await teller.tell(claim, "told to all")
        await page.until_told(3)
        # Its entry comes when its body was read.
        assert "alive" in await page.page.evaluate("fetch('/healthz').then(answer => answer.text())")
        await page.page.wait_for_function(
            "performance.getEntriesByType('resource').some(({name, nextHopProtocol}) =>"
            " name.endsWith('/healthz') && nextHopProtocol === 'h2')"
        )


async def test_a_page_whose_place_in_the_feed_is_gone_shows_the_present_state(
    page: Page, gateways: GatewayFactory, teller: Storyteller
) -> None:
    claim = await teller.running()
    async with gateways.start(backstop_s=0.2, retry_s=RETRY_S) as gateway:
        await page.goto(f"{gateway.url}/#/tasks/{claim.task}")
        lines = page.locator(".log li")
        await expect(lines).to_have_count(2)
        await turn(page, "hidden")
        await expect(page.locator(".feed")).to_have_text("paused")
        await teller.tell(claim, *(f"line {number}" for number in range(MOST_EVENTS)))
        await teller.succeed(claim)
        # As retention does; and the gateway itself has let go of what the page saw last.
        await teller.owner.execute(
            "DELETE FROM event USING task WHERE task.id = event.task AND task.id = $1 AND seq < last_seq", claim.task
        )
        await eventually(lambda: has_let_go(gateway, claim))
        await turn(page, "visible")
        await expect(page.locator(".badges .state")).to_have_text("succeeded")
        await expect(page.locator(".feed")).to_have_attribute("data-state", "ended")
        await expect(lines.first).not_to_contain_text("queued")
        await expect(lines.last).to_contain_text("succeeded")
        await page.close()


async def has_let_go(gateway: RunningGateway, claim: Claim) -> bool:
    """Whether the feed, as the gateway has it, no longer goes back to where a page is that saw two events."""
    feed = gateway.parts.live.hub._feeds.get(claim.task)
    return feed is None or (feed.has_ended and not feed.reaches_back_to(2))
