"""Strangers' scanners at the gateway: schemathesis with all its checks, from the gateway's own document."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg

from common.tokens import Token
from gateway.openapi.document import EXAMPLE_DATASET
from helpers.database import Database
from helpers.factories import a_dataset, a_kind, a_processor
from helpers.gateway_process import gateway_process
from helpers.keys import a_key
from processor.analyses.profile import KIND

# Few, so that all tests together stay quick; more, and others, on demand.
EXAMPLES: Final = os.environ.get("SUNDOG_TEST_SCHEMATHESIS_EXAMPLES", "3")
SEED: Final = os.environ.get("SUNDOG_TEST_SCHEMATHESIS_SEED", "7")
WITHIN_S: Final = 1_800
TESTS: Final = Path(__file__).parents[1]


async def run(url: str, *, key: Token, folder: Path) -> tuple[int, str]:
    """Run it, with an operator's key; its exit code and its report."""
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json", "--checks", "all"]
    command += [
        "--max-examples",
        EXAMPLES,
        "--seed",
        SEED,
        "--no-color",
        "--output-sanitize",
        "false",
        "--generation-database",
        "none",
    ]
    command += ["--header", f"Authorization: Bearer {key.text}"]
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(TESTS),
        "SCHEMATHESIS_HOOKS": "helpers.schemathesis_hooks",
        "SUNDOG_TEST_KEY": key.text,
    }
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        async with asyncio.timeout(WITHIN_S):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, output.decode()


async def test_nothing_that_the_document_allows_or_forbids_is_answered_otherwise(
    database: Database, connection: asyncpg.Connection, tmp_path: Path
) -> None:
    await a_kind(connection, params_schema=KIND.params.model_json_schema())
    await a_processor(connection)
    await connection.execute(
        "UPDATE dataset SET id = $1 WHERE id = $2", UUID(EXAMPLE_DATASET), await a_dataset(connection)
    )
    settings = {
        "GATEWAY_OPEN": "false",
        "GATEWAY_KEY_REQUESTS_PER_S": "0",
        "GATEWAY_PROCESSOR_FRESH_S": "100000",
        "GATEWAY_KINDS_CACHE_S": "2",
        "STREAM_WAIT_S": "0",
        "STREAM_ROTATE_S": "0.05",  # streams end by themselves, as they do for a browser
        "STREAM_HEARTBEAT_S": "0.15",  # in which this is looked at thrice
    }
    key = await a_key(connection)
    async with gateway_process(database, tmp_path, **settings) as gateway:
        code, report = await run(gateway.url, key=key, folder=tmp_path)

    print(report)  # noqa: T201 - what was tried, for who asks for it
    assert code == 0, report
