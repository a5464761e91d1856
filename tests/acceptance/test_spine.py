"""The way of a new user: the README's commands, against everything that `sundog up` starts."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from helpers.database import Database, connected
from helpers.installation import Installation, all_ended
from helpers.plugin_environment import environment_with_kind
from helpers.processes import ended
from sundog.demo_data import ROWS, flights_csv

ROOT = Path(__file__).parent.parent.parent
UNHURRIED = ROOT / "tests" / "browser" / "unhurried.py"
UPLOAD, SUBMIT, FOLLOW, RESULT = re.findall(
    r"^    (curl .*?)(?:  +#.*)?$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE
)

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")


@pytest.fixture(scope="session")
def flights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return flights_csv(tmp_path_factory.mktemp("flights"))


@pytest.fixture
def sundog(tmp_path: Path) -> Iterator[Installation]:
    with Installation(tmp_path / "data") as installation:
        yield installation


def shell(command: str, *, url: str, flights: Path | None = None, identifier: str = "") -> str:
    """Run a command of the README against this address; it must end by itself and with 0."""
    told = command.replace("localhost:8080", url).replace("<id>", identifier).replace(".data/flights.csv", str(flights))
    return subprocess.run(["bash", "-c", told], check=True, capture_output=True, text=True, timeout=120).stdout


def submit(url: str, flights: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Hand in the flights and ask for their profile; gives the dataset and the task."""
    dataset = json.loads(shell(UPLOAD, url=url, flights=flights))
    return dataset, json.loads(shell(SUBMIT, url=url, identifier=dataset["id"]))


def events(text: str) -> list[dict[str, Any]]:
    """The events of a stream: the fields of each (without the time to come back), with its data as an object."""
    blocks = (block.splitlines() for block in text.replace("\r\n", "\n").split("\n\n"))
    fields = ([line.partition(": ")[::2] for line in block if ": " in line and line[0] != ":"] for block in blocks)
    found = [dict(each) for each in fields if any(name == "event" for name, _ in each)]
    return [{**each, "data": json.loads(each["data"])} for each in found if each.pop("retry", True)]


def assert_story_without_a_gap(told: list[dict[str, Any]]) -> None:
    numbers = [int(event["id"]) for event in told if "id" in event]
    assert numbers == list(range(1, len(numbers) + 1))
    assert told[-1]["event"] == "end"
    assert told[-1]["data"]["seq"] == numbers[-1]


def test_the_readme_leads_from_a_file_to_its_profile(sundog: Installation, flights: Path) -> None:
    dataset, task = submit(sundog.url, flights)
    assert dataset["bytes"] == flights.stat().st_size
    assert dataset["sha256"] == hashlib.sha256(flights.read_bytes()).hexdigest()
    assert task["state"] in {"queued", "running"}

    told = events(shell(FOLLOW, url=sundog.url, identifier=task["id"]))
    assert_story_without_a_gap(told)
    kinds = [event["event"] for event in told]
    assert kinds[0] == "queued"
    assert kinds[-2:] == ["succeeded", "end"]
    assert "progress" in kinds
    assert any(event["event"] == "partial" and event["data"]["estimate"] for event in told)

    result = json.loads(shell(RESULT, url=sundog.url, identifier=task["id"]))
    assert result["inputs"]["data"]["sha256"] == dataset["sha256"]
    assert_equals_duckdb(result["data"], flights)


def assert_equals_duckdb(profile: dict[str, Any], flights: Path) -> None:
    """Every count, least, greatest and mean value of the profile, against another engine on the same file."""
    assert profile["rows"] == ROWS
    columns = {column["name"]: column for column in profile["columns"]}
    words, numbers = in_duckdb(flights, missing=""), in_duckdb(flights, missing="NA")  # among words NA is a word
    assert list(columns) == flights.read_text(encoding="utf-8").partition("\n")[0].split(",")
    for name, column in columns.items():
        truth = words if column["type"] == "text" else numbers
        count, nulls, distinct = asked("count({0}), count(*) - count({0}), count(DISTINCT {0})", name, truth)
        assert (name, column["count"], column["nulls"]) == (name, count, nulls)
        if column["distinct"]["exact"]:
            assert (name, column["distinct"]["value"]) == (name, distinct)
        if column["type"] == "number":
            least, greatest, mean = asked("min({0}), max({0}), avg({0})", name, numbers)
            assert (name, column["min"], column["max"]) == (name, least, greatest)
            assert column["mean"] == pytest.approx(mean, rel=1e-9)


def in_duckdb(flights: Path, *, missing: str) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE flights AS FROM read_csv('{flights}', nullstr = '{missing}')")
    return connection


def asked(expressions: str, column: str, truth: duckdb.DuckDBPyConnection) -> tuple[Any, ...]:
    row = truth.execute(f"SELECT {expressions} FROM flights".format(f'"{column}"')).fetchone()
    assert row is not None
    return row


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_every_process(sundog: Installation, number: signal.Signals) -> None:
    running = sundog.processes()
    assert len(running) > 3
    assert sundog.stop(number) == 0
    assert all_ended(running, within=0) == {}


def test_a_second_signal_stops_what_would_take_its_time(flights: Path, tmp_path: Path) -> None:
    python = environment_with_kind(UNHURRIED, folder=tmp_path / "environment")
    patient = {"SUNDOG_PROCESSOR_GRACE_S": "3600"}
    with Installation(tmp_path / "data", python=python, env=patient) as sundog:
        dataset = json.loads(shell(UPLOAD, url=sundog.url, flights=flights))
        shell(SUBMIT.replace('"profile"', '"unhurried"'), url=sundog.url, identifier=dataset["id"])
        running = sundog.processes()
        sundog.process.send_signal(signal.SIGINT)
        sundog.until_it_says("once more to stop at once")
        for pid in [pid for pid, command in running.items() if "processor.forkserver" in command]:
            os.kill(pid, signal.SIGSTOP)  # a fork server and its children, who cannot see that their processor is gone
        os.kill(sundog.pid_of("postgres -D"), signal.SIGSTOP)
        assert sundog.stop(signal.SIGINT) == 0
        assert all_ended(running, within=0) == {}


def test_a_second_signal_spares_what_was_not_started_here(tmp_path: Path) -> None:
    """A shell that has a job becomes `sundog up`. The job ends with the gateway, and leaves a process behind."""
    wait, left = tmp_path / "wait", tmp_path / "left"
    os.mkfifo(wait)
    job = f"sleep 600 & echo $! > {left}; read pid < {wait}; exec tail -s 0.02 --pid=$pid -f /dev/null"
    shell_first = tmp_path / "shell"
    shell_first.write_text(f'#!/bin/sh\n({job}) >{tmp_path}/out 2>&1 &\nexec {sys.executable} "$@"\n')
    shell_first.chmod(0o700)
    with Installation(tmp_path / "data", python=str(shell_first)) as sundog:
        gateway, postgres = sundog.pid_of("sundog gateway"), sundog.pid_of("postgres -D")
        wait.write_text(f"{gateway}\n")
        for pid in (gateway, postgres):
            os.kill(pid, signal.SIGSTOP)  # so that neither ends before the second signal
        sundog.process.send_signal(signal.SIGINT)
        sundog.until_it_says("once more to stop at once")
        assert sundog.stop(signal.SIGINT) == 0
    stranger = int(left.read_text())
    assert not ended(stranger, within=0)
    os.kill(stranger, signal.SIGKILL)


def test_a_killed_up_takes_every_process_with_it_and_starts_again(sundog: Installation, tmp_path: Path) -> None:
    running = sundog.processes()
    sundog.stop(signal.SIGKILL)
    assert all_ended(running) == {}
    with Installation(tmp_path / "data"):
        pass


def test_what_was_done_is_there_after_a_restart(flights: Path, tmp_path: Path) -> None:
    with Installation(tmp_path / "data") as first:
        _, task = submit(first.url, flights)
        before = shell(FOLLOW, url=first.url, identifier=task["id"])
        result = shell(RESULT, url=first.url, identifier=task["id"])
    with Installation(tmp_path / "data") as second:
        assert shell(RESULT, url=second.url, identifier=task["id"]) == result
        after = shell(f"{FOLLOW}?after=0", url=second.url, identifier=task["id"])
        assert [event for event in events(after) if "id" in event] == [e for e in events(before) if "id" in e]


def test_a_folder_has_one_owner_and_a_port_too(sundog: Installation, tmp_path: Path) -> None:
    port = sundog.url.rpartition(":")[2]
    for arguments, sentence in (
        (["--port", "0", "--data", str(tmp_path / "data")], "in use by another Sundog"),
        (["--port", port, "--data", str(tmp_path / "other")], f"Port {port} of 127.0.0.1 is in use."),
    ):
        command = [sys.executable, "-m", "sundog", "up", *arguments]
        refused = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
        assert refused.returncode == 1
        assert sentence in refused.stderr
        assert "Traceback" not in refused.stderr


def test_parts_that_die_come_back_at_the_same_address(sundog: Installation, flights: Path) -> None:
    for part in ("sundog gateway", "postgres -D", "sundog processor"):
        os.kill(sundog.pid_of(part), signal.SIGKILL)
    _, task = submit_when_back(sundog.url, flights)
    told = events(shell(FOLLOW, url=sundog.url, identifier=task["id"]))
    assert_story_without_a_gap(told)
    assert told[-2]["event"] == "succeeded"


def submit_when_back(url: str, flights: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """As a script does it that knows that things restart: ask until the gateway is ready."""
    subprocess.run(
        ["curl", "-sfo", "/dev/null", "--retry", "60", "--retry-delay", "1", "--retry-all-errors", f"{url}/readyz"],
        check=True,
        timeout=120,
    )
    return submit(url, flights)


def test_a_processor_killed_half_way_costs_an_attempt_and_no_event(flights: Path, tmp_path: Path) -> None:
    python = environment_with_kind(UNHURRIED, folder=tmp_path / "environment")
    with Installation(tmp_path / "data", python=python) as sundog:
        dataset = json.loads(shell(UPLOAD, url=sundog.url, flights=flights))
        unhurried = SUBMIT.replace('"kind":"profile"', '"kind":"unhurried","params":{"seconds":1}')
        task = json.loads(shell(unhurried, url=sundog.url, identifier=dataset["id"]))
        command = ["curl", "-sN", f"{sundog.url}/v1/tasks/{task['id']}/events"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watcher:
            assert watcher.stdout is not None
            text = ""
            while "event: partial" not in text:
                text += watcher.stdout.readline()
            os.kill(sundog.pid_of("sundog processor"), signal.SIGKILL)
            text += watcher.stdout.read()
        assert watcher.returncode == 0
        told = events(text)
        assert_story_without_a_gap(told)
        assert told[-2]["event"] == "succeeded"
        attempts = json.loads(shell(f"curl -s localhost:8080/v1/tasks/{task['id']}", url=sundog.url))["attempts"]
        assert [attempt["outcome"] for attempt in attempts] == ["lost", "succeeded"]


async def test_a_database_of_ones_own_is_used_instead_of_the_embedded_one(database: Database, tmp_path: Path) -> None:
    with Installation(tmp_path / "data", env={"SUNDOG_DATABASE_DSN": database.dsn}) as sundog:
        assert not any("postgres -D" in command for command in sundog.processes().values())
        assert json.loads(shell("curl -s localhost:8080/readyz", url=sundog.url))["status"] == "ready"
        async with connected(database.dsn) as connection:
            assert await connection.fetchval("SELECT count(*) FROM processor") == 1
