"""A processor's figures, asked for as Prometheus does."""

import logging
import re
import socket
from pathlib import Path

import asyncpg
import httpx2
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from common.errors import ConfigurationError
from helpers.eventually import eventually
from helpers.factories import queued_task
from helpers.processors import ProcessorFactory, ended

OPERATIONS = Path(__file__).parents[3] / "docs" / "operations.md"
ROW = re.compile(r"^\| `(sundog_[a-z_]+)` \| (\w+) \| (?:processor|both) \| (.*) \|$", re.MULTILINE)
PORT = re.compile(r"figures on port (\d+)")


async def families(log: pytest.LogCaptureFixture) -> dict[str, Metric]:
    found = PORT.search(log.text)
    assert found is not None
    async with httpx2.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{found[1]}/metrics")
    return {family.name: family for family in text_string_to_metric_families(answer.text)}


async def test_what_a_processor_did_is_shown(
    processors: ProcessorFactory, connection: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        async with processors.start(slots=2, metrics_port=0):
            task = await queued_task(connection, inputs={}, kind="noop")
            await ended(connection, task)

            async def counted() -> bool:
                samples = (await families(caplog))["sundog_attempts_ended"].samples
                labels = {"kind": "noop", "outcome": "succeeded"}
                return any(sample.labels == labels and sample.value == 1 for sample in samples)

            await eventually(counted)
            shown = await families(caplog)

    assert shown["sundog_slots"].samples[0].value == 2
    assert shown["sundog_tasks_claimed"].samples[0].value == 1
    documented = {name: (kind, says) for name, kind, says in ROW.findall(OPERATIONS.read_text("utf-8"))}
    described = {
        name: (family.type, family.documentation) for name, family in shown.items() if name.startswith("sundog_")
    }
    assert described == documented


async def test_a_port_that_is_taken_is_a_clear_sentence(processors: ProcessorFactory) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ConfigurationError, match="figures"):
        async with processors.start(slots=1, metrics_port=taken.getsockname()[1]):
            pass
