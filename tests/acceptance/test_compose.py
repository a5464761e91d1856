"""The images and compose.yaml: checked as text everywhere, and run where a Docker engine answers."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from helpers.eventually import eventually
from sundog.client import ProblemError, SundogClient, UnreachableError

ROOT: Final = Path(__file__).parent.parent.parent
PROJECT: Final = f"sundog-test-{os.getpid()}"
CSV: Final = "delay,carrier\n" + "".join(f"{n % 7},{'AA' if n % 3 else 'B6'}\n" for n in range(1000))


def works(*command: str) -> bool:
    return (
        shutil.which(command[0]) is not None
        and subprocess.run(command, check=False, capture_output=True).returncode == 0
    )


needs_compose = pytest.mark.skipif(not works("docker", "compose", "version"), reason="there is no docker compose here")
needs_engine = pytest.mark.skipif(
    not (works("docker", "version") and works("docker", "compose", "version")), reason="no Docker engine answers here"
)


def test_the_dockerfile_passes_its_linter() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    if not hadolint.exists():
        pytest.skip("there is no hadolint for this machine")
    run = subprocess.run([hadolint, ROOT / "Dockerfile"], check=False, capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (0, "")


def test_the_dockerfile_asks_for_nothing_that_an_old_builder_lacks() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "# syntax=" not in text
    assert "--mount" not in text


def test_both_images_run_as_a_numbered_user_that_is_not_root() -> None:
    stages = re.split(r"^FROM ", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    for target in ("gateway", "processor"):
        (stage,) = (stage for stage in stages if f"AS {target}\n" in stage)
        users = re.findall(r"^USER (\d+)$", stage, flags=re.MULTILINE)
        assert users
        assert users[-1] != "0"
        assert "HEALTHCHECK" in stage


@needs_compose
@pytest.mark.parametrize("env", [{}, {"SUNDOG_BIND": "0.0.0.0", "SUNDOG_PROCESSOR_SLOTS": "8"}])
def test_compose_understands_its_file(env: Mapping[str, str]) -> None:
    subprocess.run(["docker", "compose", "config", "-q"], cwd=ROOT, check=True, env={**os.environ, **env})


def compose(*arguments: str, port: int) -> str:
    command = ["docker", "compose", "-p", PROJECT, *arguments]
    env = {**os.environ, "SUNDOG_PORT": str(port), "SUNDOG_PROCESSOR_MEMORY": "2g"}
    run = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, env=env)
    assert run.returncode == 0, run.stderr[-4000:]
    return run.stdout


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Two processors and all the rest, in containers; where the gateway is published."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free: int = listener.getsockname()[1]
    try:
        compose("up", "--build", "--detach", "--scale", "processor=2", port=free)
        yield free
    finally:
        compose("down", "--volumes", "--timeout", "20", port=free)


@pytest.mark.containers
@needs_engine
async def test_a_file_is_profiled_by_the_containers(port: int, tmp_path: Path) -> None:
    (tmp_path / "delays.csv").write_text(CSV)
    async with SundogClient(f"http://127.0.0.1:{port}") as client:

        async def two_processors() -> bool:
            with contextlib.suppress(UnreachableError, ProblemError):
                return len(await client.processors()) == 2
            return False

        await eventually(two_processors, within=120)
        dataset = await client.upload(tmp_path / "delays.csv")
        task = await client.submit("profile", inputs={"data": dataset["id"]})
        told = [event.type async for event in client.follow(task["id"])]
        assert told[-2:] == ["succeeded", "end"]
        result = await client.result(task["id"])
        assert result["data"]["rows"] == 1000


@pytest.mark.containers
@needs_engine
@pytest.mark.parametrize(
    ("service", "own", "other"), [("gateway", "starlette", "polars"), ("processor", "polars", "starlette")]
)
def test_an_image_has_its_own_libraries_alone(port: int, service: str, own: str, other: str) -> None:
    program = (
        f"import importlib.util as u, os; print(os.getuid(), bool(u.find_spec('{own}')), bool(u.find_spec('{other}')))"
    )
    told = compose("exec", "-T", service, "python3", "-c", program, port=port)
    assert told.split() == ["10001", "True", "False"]


@pytest.mark.containers
@needs_engine
async def test_every_container_gets_healthy(port: int) -> None:
    async def all_healthy() -> bool:
        lines = compose("ps", "--format", "json", port=port).splitlines()
        return {json.loads(line)["Health"] for line in lines} == {"healthy"}

    await eventually(all_healthy, within=120)
