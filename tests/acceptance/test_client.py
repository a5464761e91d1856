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


async def test_the_columns_of_a_wide_table_arrive_in_events_of_their_own(sundog: Installation, tmp_path: Path) -> None:
    names = [f"column {number}" for number in range(500)]
    wide = tmp_path / "wide.csv"
    rows = (",".join(str(n * row % 7) for n in range(500)) for row in range(50))
    wide.write_text("\n".join([",".join(names), *rows]))
    async with SundogClient(sundog.url) as client:
        dataset = await client.upload(wide)
        params = dict.fromkeys(["correlations", "duplicates", "patterns", "running"], False)
        task = await client.submit("profile", inputs={"data": dataset["id"]}, params=params)
        told = [event.data async for event in client.follow(task["id"]) if event.type == "partial"]
        result = (await client.result(task["id"]))["data"]
    for is_estimate in (True, False):
        parts = [one["result"] for one in told if one["estimate"] is is_estimate]
        assert [part["place"] for part in parts] == [{"from": start, "of": 500} for start in range(0, 500, 32)]
        assert [column["name"] for part in parts for column in part["columns"]] == names
    exact = [column for one in told if not one["estimate"] for column in one["result"]["columns"]]
    assert all(column.items() <= whole.items() for column, whole in zip(exact, result["columns"], strict=True))


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
