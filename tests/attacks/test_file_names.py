"""Files whose names are paths, commands or markup, handed in to a real gateway and analysed by a real child: a path is
refused, all else is a name that is shown and never followed."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest

from helpers.installation import Installation
from helpers.raw_http import connected_to
from sundog.client import SundogClient

PATHS = ("../../etc/passwd", "/etc/passwd", "a\0.csv", "..\\..\\windows\\win.ini", "C:\\a.csv", "..", ".", "a/../../b")
NAMES = (
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e%5cwin.ini",
    "C:win.ini",
    "~root",
    "-rf *",
    "$(touch taken); `touch taken` | touch taken",
    "file:..:etc:passwd",
    "CON.csv",
    '"><img src=x onerror=alert(1)>.csv',
    "'; DROP TABLE task; --",
    "....",
)
IN_URLS = (
    "../../../../etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2fetc%2fpasswd",
    "..%5c..%5cwin.ini",
    "%00",
    "%2e%2e",
)


@pytest.fixture(scope="module")
def sundog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("names") / "data") as installation:
        yield installation


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    path.write_text("n,word\n1,a\n2,b\n")
    return path


@pytest.mark.parametrize("name", [name for name in PATHS if name not in {".", ".."}])  # which clients resolve
async def test_a_path_is_no_name_in_a_url(sundog: Installation, name: str) -> None:
    async with httpx2.AsyncClient(base_url=sundog.url) as client:
        answer = await client.put(f"/v1/datasets/{quote(name, safe='')}", content=b"a\n1\n")

    assert (answer.status_code, answer.json()["code"]) == (422, "name_invalid")


@pytest.mark.parametrize("name", PATHS)
async def test_a_form_names_no_path_either(sundog: Installation, name: str) -> None:
    """Old browsers send the whole path of a file on Windows, of which the last part is its name."""
    async with httpx2.AsyncClient(base_url=sundog.url) as client:
        answer = (await client.post("/v1/datasets", files={"file": (name, b"a\n1\n")})).json()

    assert answer.get("code") == "name_invalid" or answer["name"] in {"a.csv", "a%00.csv"}


async def test_other_names_are_kept_as_they_are_from_the_upload_to_the_report(
    sundog: Installation, table: Path
) -> None:
    async with SundogClient(sundog.url) as client, httpx2.AsyncClient(base_url=sundog.url) as http:
        for name in NAMES:
            answer = await http.put(f"/v1/datasets/{quote(name, safe='')}", content=table.read_bytes())
            assert answer.json()["name"] == name
            task = (await client.submit("profile", inputs={"data": answer.json()["id"]}))["id"]
            assert [event.type async for event in client.follow(task)][-2] == "succeeded"
            made = (await client.result(task))["artifacts"]
            report = (await http.get(f"/v1/tasks/{task}/artifacts/report.html")).text

            assert {artifact["name"] for artifact in made} == {"report.html", "columns.parquet"}
            assert "<img" not in report
    folders = [path for path in table.parent.parent.rglob("*") if path.name in {"taken", "passwd", "win.ini"}]
    assert folders == []


async def test_no_name_of_an_artifact_leads_out_of_its_task(sundog: Installation, table: Path) -> None:
    async with SundogClient(sundog.url) as client:
        dataset = await client.upload(table)
        task = (await client.submit("profile", inputs={"data": dataset["id"]}))["id"]
        assert [event.type async for event in client.follow(task)][-2] == "succeeded"
    for name in IN_URLS:
        async with connected_to(sundog.url) as connection:
            answer = await connection.get(f"/v1/tasks/{task}/artifacts/{name}")

            assert (name, answer.status) == (name, 404)
            assert b"root:" not in await answer.body()
