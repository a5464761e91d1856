"""The Python client against a running Sundog."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.cutting_proxy import cutting_proxy
from helpers.installation import Installation
from sundog.client import ProblemError, SundogClient, UnreachableError


@pytest.fixture(scope="module")
def sundog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("client")) as installation:
        yield installation


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "a table.csv"
    path.write_text("n,word\n" + "".join(f"{n},{'odd' if n % 2 else 'even'}\n" for n in range(5000)))
    return path


async def test_it_leads_from_a_file_to_its_profile(sundog: Installation, table: Path) -> None:
    async with SundogClient(sundog.url) as client:
        assert "profile" in {kind["name"] for kind in await client.kinds()}
        dataset = await client.upload(table)
        assert dataset["name"] == "a table.csv"
        task = await client.submit("profile", inputs={"data": dataset["id"]})
        told = [event async for event in client.follow(task["id"])]
        assert [event.type for event in told][-2:] == ["succeeded", "end"]
        assert (await client.task(task["id"]))["state"] == "succeeded"
        assert (await client.result(task["id"]))["data"]["rows"] == 5000
        later = [event async for event in client.follow(task["id"], after=1)]
        assert [event.seq for event in later if event.seq] == [event.seq for event in told if event.seq][1:]


@pytest.mark.parametrize("bytes_more", [0, 9])
async def test_a_connection_that_breaks_again_and_again_loses_no_event_and_repeats_none(
    sundog: Installation, table: Path, bytes_more: int
) -> None:
    async with SundogClient(sundog.url) as client:
        dataset = await client.upload(table)
        task = await client.submit("profile", inputs={"data": dataset["id"]})
        whole = [event async for event in client.follow(task["id"])]
    async with (
        cutting_proxy(sundog.url, events=1, bytes_more=bytes_more) as proxy,
        SundogClient(proxy.url) as client,
    ):
        told = [event async for event in client.follow(task["id"])]
    assert proxy.cut > 2
    assert [event.seq for event in told if event.seq] == [event.seq for event in whole if event.seq]


async def test_a_refusal_is_an_error_in_the_gateways_words(sundog: Installation) -> None:
    async with SundogClient(sundog.url) as client:
        with pytest.raises(ProblemError) as refused:
            await client.submit("no-such-kind", inputs={})
    assert 400 <= refused.value.status < 500
    assert refused.value.problem != "unknown"
    assert "no-such-kind" in refused.value.message


async def test_a_gateway_that_is_not_there_is_said_to_be_unreachable() -> None:
    async with SundogClient("http://127.0.0.1:1") as client:
        with pytest.raises(UnreachableError):
            await client.kinds()
