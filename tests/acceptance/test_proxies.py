"""The proxies of docs/operations.md before a real gateway: nothing is held back, cut short or left open."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx2
import pytest

from gateway.settings import StreamSettings
from helpers.database import Database
from helpers.event_stream import Block, EventStreamParser
from helpers.eventually import eventually
from helpers.gateways import GatewayFactory, RunningGateway
from helpers.own_task import in_own_task
from helpers.proxies import PROGRAMS, ProxyFactory, RunningProxy, found
from helpers.storytellers import Storyteller, storyteller
from processor.claim import Claim

WITHIN_S: Final = 20
UPLOAD_BYTES: Final = 20 << 20
SILENCE_S: Final = 2  # for which a proxy waits that is told to be impatient
FEW_HEARTBEATS: Final = 4


@pytest.fixture(params=sorted(PROGRAMS))
def proxies(request: pytest.FixtureRequest, tmp_path: Path) -> ProxyFactory:
    return ProxyFactory(program=PROGRAMS[request.param], folder=tmp_path)


@pytest.fixture
def gateways(database: Database, tmp_path: Path) -> GatewayFactory:
    return GatewayFactory(database=database, folder=tmp_path)


@pytest.fixture
async def gateway(gateways: GatewayFactory) -> AsyncIterator[RunningGateway]:
    async with in_own_task(gateways.start()) as gateway:
        yield gateway


@pytest.fixture
async def proxy(proxies: ProxyFactory, gateway: RunningGateway) -> AsyncIterator[RunningProxy]:
    async with in_own_task(proxies.before(gateway.url)) as proxy:
        yield proxy


@pytest.fixture
async def teller(database: Database) -> AsyncIterator[Storyteller]:
    async with in_own_task(storyteller(database)) as teller:
        yield teller


@dataclass(slots=True)
class Reading:
    """A stream that is read block by block; it was decompressed on the way."""

    answer: httpx2.Response
    _pieces: AsyncIterator[bytes]
    _parser: EventStreamParser = field(default_factory=EventStreamParser)
    _ready: list[Block] = field(default_factory=list)

    async def block(self) -> Block | None:
        """The next block; None at the end, which must come in order."""
        async with asyncio.timeout(WITHIN_S):
            while not self._ready:
                piece = await anext(self._pieces, None)
                if piece is None:
                    self._parser.end()
                    return None
                self._ready += self._parser.feed(piece)
        return self._ready.pop(0)

    async def event(self) -> Block:
        """The next event."""
        while (block := await self.block()) is not None:
            if block.event is not None:
                return block
        raise AssertionError("the stream ended")

    async def heartbeat(self) -> None:
        """The next heartbeat."""
        block = await self.block()
        assert block is not None
        assert block.comments


def client_of(proxy: RunningProxy, *, address: str | None = None) -> httpx2.AsyncClient:
    """A client, from an address of this machine if one is named."""
    transport = httpx2.AsyncHTTPTransport(verify=proxy.trust, local_address=address)
    return httpx2.AsyncClient(base_url=proxy.url, transport=transport, timeout=WITHIN_S)


@asynccontextmanager
async def watching(proxy: RunningProxy, claim: Claim, *, after: int | None = None) -> AsyncIterator[Reading]:
    """A watcher that takes compressed answers, as browsers do, and has a connection of its own."""
    headers = {"accept": "text/event-stream", "accept-encoding": "gzip"}
    headers |= {} if after is None else {"last-event-id": str(after)}
    path = f"/v1/tasks/{claim.task}/events"
    async with client_of(proxy) as client, client.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers.get("content-encoding") == proxy.compresses
        yield Reading(answer, answer.aiter_bytes())


async def test_each_event_comes_before_the_next_is_told_and_the_end_ends_the_stream(
    proxy: RunningProxy, teller: Storyteller
) -> None:
    claim = await teller.running()
    async with watching(proxy, claim) as reading:
        assert [(await reading.event()).event for _ in range(2)] == ["queued", "started"]
        for seq in range(3, 6):
            await teller.tell(claim, f"line {seq}")
            assert (await reading.event()).id == str(seq)
        teller.progress(claim, 0.5)
        assert (await reading.event()).data["fraction"] == 0.5
        await teller.succeed(claim)
        assert [(await reading.event()).event for _ in range(2)] == ["succeeded", "end"]
        assert await reading.block() is None


async def test_a_watcher_that_was_cut_goes_on_with_the_next_event_until_there_is_none(
    proxy: RunningProxy, teller: Storyteller
) -> None:
    claim = await teller.running()
    async with watching(proxy, claim) as reading:
        assert [(await reading.event()).id for _ in range(2)] == ["1", "2"]
    await teller.tell(claim, "while nobody watched")
    async with watching(proxy, claim, after=2) as reading:
        assert (await reading.event()).id == "3"
        await teller.succeed(claim)
        assert [(await reading.event()).event for _ in range(2)] == ["succeeded", "end"]
    async with client_of(proxy) as client:
        told = await client.get(f"/v1/tasks/{claim.task}/events", headers={"last-event-id": "4"})
    assert told.status_code == 204


async def test_a_watcher_that_left_leaves_no_stream_behind(
    proxy: RunningProxy, gateway: RunningGateway, teller: Storyteller
) -> None:
    claim = await teller.running()
    async with watching(proxy, claim) as reading:
        await reading.event()
        assert len(gateway.parts.live.streams) == 1
    await eventually(lambda: nobody_streams(gateway))


async def nobody_streams(gateway: RunningGateway) -> bool:
    return not len(gateway.parts.live.streams)


async def test_each_client_of_a_trusted_proxy_is_a_caller_of_its_own_whatever_it_calls_itself(
    proxies: ProxyFactory, gateways: GatewayFactory, teller: Storyteller
) -> None:
    path = f"/v1/tasks/{(await teller.running()).task}/events"
    async with (
        gateways.start(limit_per_caller=1, trusted_proxies=("127.0.0.1",)) as gateway,
        proxies.before(gateway.url) as proxy,
        client_of(proxy, address="127.0.0.2") as one,
        client_of(proxy, address="127.0.0.3") as other,
        one.stream("GET", path) as first,
        other.stream("GET", path) as second,
    ):
        again = await one.get(path, headers={"x-forwarded-for": "192.0.2.1"})

        assert (first.status_code, second.status_code) == (200, 200)
        assert (again.status_code, again.json()["code"]) == (429, "too_many_streams")


async def test_all_clients_of_a_proxy_that_is_not_trusted_are_one_caller(
    proxies: ProxyFactory, gateways: GatewayFactory, teller: Storyteller
) -> None:
    path = f"/v1/tasks/{(await teller.running()).task}/events"
    async with (
        gateways.start(limit_per_caller=1, trusted_proxies=("192.0.2.1",)) as gateway,
        proxies.before(gateway.url) as proxy,
        client_of(proxy, address="127.0.0.2") as one,
        client_of(proxy, address="127.0.0.3") as other,
        one.stream("GET", path),
    ):
        refused = await other.get(path, headers={"x-forwarded-for": "192.0.2.9"})

    assert refused.status_code == 429


async def test_heartbeats_keep_a_quiet_stream_open_longer_than_the_proxy_waits(
    proxies: ProxyFactory, gateways: GatewayFactory, teller: Storyteller
) -> None:
    claim = await teller.running()
    async with (
        gateways.start(heartbeat_s=SILENCE_S / 2) as gateway,
        proxies.before(gateway.url, timeout_s=SILENCE_S) as proxy,
        watching(proxy, claim) as reading,
    ):
        assert [(await reading.event()).id for _ in range(2)] == ["1", "2"]
        for _ in range(FEW_HEARTBEATS if proxies.program.timeouts else 1):
            await reading.heartbeat()
        await teller.tell(claim, "it was quiet")
        assert (await reading.event()).id == "3"


async def test_a_proxy_that_waits_less_than_a_heartbeat_costs_a_reconnect_and_no_event(
    proxies: ProxyFactory, gateway: RunningGateway, teller: Storyteller
) -> None:
    if proxies.program.timeouts is None:
        pytest.skip(f"{proxies.program.name} waits for ever")
    claim = await teller.running()
    async with proxies.before(gateway.url, timeout_s=1) as proxy:
        async with watching(proxy, claim) as reading:
            assert [(await reading.event()).id for _ in range(2)] == ["1", "2"]
            with pytest.raises(httpx2.RemoteProtocolError):
                await reading.event()
        await eventually(lambda: nobody_streams(gateway))
        await teller.tell(claim, "while it was cut")
        async with watching(proxy, claim, after=2) as reading:
            assert (await reading.event()).id == "3"


def test_each_documented_proxy_waits_longer_than_the_gateway_is_silent() -> None:
    settings = StreamSettings()
    for program in PROGRAMS.values():
        if program.timeouts is not None:
            waits = [int(found) for found in program.timeouts.findall(program.documented)]
            assert waits
            assert min(waits) > max(2 * settings.heartbeat_s, settings.wait_s)


async def test_an_upload_reaches_the_storage_while_it_is_still_under_way(proxy: RunningProxy, tmp_path: Path) -> None:
    half = bytes(UPLOAD_BYTES // 2)

    async def body() -> AsyncIterator[bytes]:
        yield half
        await eventually(arrived)
        yield half

    async def arrived() -> bool:
        return any(path.is_file() and path.stat().st_size for path in (tmp_path / "storage" / "incoming").glob("*"))

    async with client_of(proxy) as client:
        headers = {"content-length": str(UPLOAD_BYTES), "origin": proxy.url}
        taken = await client.put("/v1/datasets/zeros.csv", content=body(), headers=headers)
        dataset = taken.json()

    assert taken.status_code == 201, taken.text
    assert dataset["bytes"] == UPLOAD_BYTES


async def test_curl_is_told_a_story_live_over_http_2_and_ends_with_it(proxy: RunningProxy, teller: Storyteller) -> None:
    claim = await teller.running()
    url = f"{proxy.url}/v1/tasks/{claim.task}/events"
    command = (found("curl"), "-sN", "--http2", "-w", "%{http_version}", "-H", "accept: text/plain", url)
    curl = await asyncio.create_subprocess_exec(
        *(*command, "--cacert", str(proxy.certificate)), stdout=asyncio.subprocess.PIPE
    )
    assert curl.stdout is not None
    async with asyncio.timeout(WITHIN_S):
        while b"started" not in await curl.stdout.readline():
            pass
        await teller.tell(claim, "told in time")
        assert b"told in time" in await curl.stdout.readline()
        await teller.succeed(claim)
        rest, _ = await curl.communicate()
    assert curl.returncode == 0
    assert rest.endswith(b"\n2")
