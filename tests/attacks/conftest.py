"""A processor whose children attack, and what they were told: each attack once in a fresh child and once in one that is
used again, behind all walls."""

import json
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from common.storage import Blob, Storage
from helpers.database import DatabaseServers, connected
from helpers.factories import a_dataset, queued_task
from helpers.plugin_environment import environment_with_entry_points
from helpers.processors import ProcessorFactory, ended, outcomes, running_pid
from helpers.victim import victim
from processor.confinement.wall import Wall
from sundog.postgres_binaries import find_postgres

TESTS = Path(__file__).parent.parent
KINDS = ("ATTACK", "KILL", "HOLD", "LIVE")
OF_ANOTHER = b"of another tenant\n"
OWN = b"a,b\n1,2\n3,4\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Siege:
    """What came of it.

    Attributes:
        rows: of the tasks, by the child's turn.
        data: of their results.
        walls: as the processor's row names them.
        held: result of the task whose input was attacked while it ran.
        blobs: what the storage holds afterwards, by what it held before.
    """

    rows: Mapping[str, Mapping[str, Any]]
    data: Mapping[str, Mapping[str, Any]]
    walls: list[str]
    held: Mapping[str, Any]
    blobs: Mapping[bytes, bytes]


@pytest.fixture(scope="session")
def attacking_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The Python of an environment that has the attacking kinds."""
    points = {name.lower(): f"plugins.attacks.kinds:{name}" for name in KINDS}
    return environment_with_entry_points("attacks", points, folder=tmp_path_factory.mktemp("attacking"), paths=[TESTS])


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def siege(
    servers: DatabaseServers, attacking_python: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Siege]:
    """All attacks, made once for all tests that look at their answers."""
    server = await servers.get(find_postgres({}))
    folder = tmp_path_factory.mktemp("siege")
    async with server.database() as database, connected(database.dsn) as connection:
        processors = ProcessorFactory(database=database, python=attacking_python, folder=folder)
        yield await besiege(processors, connection, folder=folder)


async def stored(storage: Storage, *content: bytes) -> Blob:
    return await stored_pieces(storage, content)


async def stored_pieces(storage: Storage, pieces: Iterable[bytes]) -> Blob:
    """What may be larger than memory, piece by piece."""

    async def chunks() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    return await storage.put(chunks())


async def bombed(
    processors: ProcessorFactory, connection: asyncpg.Connection, pieces: Iterable[bytes], *, memory_mb: int
) -> Mapping[str, str]:
    """The error of the profile of a file that is too much, after a neighbour has gone on; the file is gone then."""
    storage = Storage.open(processors.storage)
    await stored(storage, OWN)
    blob = await stored_pieces(storage, pieces)
    data = await a_dataset(connection, blob=blob)
    async with processors.start(slots=2):
        attack = await whole_task(
            connection, kind="profile", inputs={"data": data}, memory_mb=memory_mb, timeout_s=60, max_attempts=1
        )
        neighbour = await whole_task(
            connection, kind="profile", inputs={"data": await a_dataset(connection, content=OWN)}
        )
        row = await ended(connection, attack, within=80)
        assert (await ended(connection, neighbour))["state"] == "succeeded"
    if path := storage.local_path(blob.sha256):
        path.unlink()

    assert row["state"] == "failed"
    assert set(await outcomes(connection, attack)) <= {"failed", "out_of_memory"}
    return dict(json.loads(row["error"]))


async def besiege(processors: ProcessorFactory, connection: asyncpg.Connection, *, folder: Path) -> Siege:
    """Attack twice in one child while another holds its input."""
    storage = Storage.open(processors.storage)
    blobs = {content: await stored(storage, content) for content in (OWN, OF_ANOTHER)}
    other = await a_dataset(connection, tenant="another", content=OF_ANOTHER)
    own = await a_dataset(connection, content=OWN)
    (folder / "outside").mkdir()
    gate = folder / "gate"
    async with processors.start(slots=2) as processor:
        walls = list(processor.identity.confinement)
        if set(walls) != set(Wall):
            pytest.skip(f"this machine has only {', '.join(walls)}")
        holding = await whole_task(
            connection, kind="hold", tenant="another", inputs={"data": other}, params={"gate": str(gate)}
        )
        held_by = await running_pid(connection, holding)
        inputs = next((folder / "work" / "1" / "children").glob(f"*/inputs/{blobs[OF_ANOTHER].sha256}"))
        hidden = [
            inputs,
            storage.local_path(blobs[OF_ANOTHER].sha256) or folder,
            inputs.parent,
            folder / "storage",
            *(folder / "work" / each for each in ("", "1", "1/lock", "1/children", "1/inputs")),
            *(Path(f"/proc/{held_by}/{each}") for each in ("environ", "maps", "cwd", f"root{inputs}")),
        ]
        with victim(folder / "outside", hidden=hidden, supervisor=os.getpid()) as target:
            rows, data = {}, {}
            for turn in ("fresh", "reused"):
                (folder / "outside" / "empty").mkdir(exist_ok=True)
                task = await whole_task(connection, kind="attack", inputs={"data": own}, params={"target": target})
                rows[turn], data[turn] = await ended(connection, task), await data_of(connection, task)
        told = await connection.fetchval("SELECT confinement FROM processor")
        gate.touch()
        await ended(connection, holding)
        held = await data_of(connection, holding)
    after = {content: (storage.local_path(blob.sha256) or gate).read_bytes() for content, blob in blobs.items()}
    return Siege(rows=rows, data=data, walls=told, held=held, blobs=after)


async def whole_task(connection: asyncpg.Connection, **asked: Any) -> UUID:
    """A queued task that no processor sees before its inputs are there."""
    async with connection.transaction():
        return await queued_task(connection, **asked)


async def data_of(connection: asyncpg.Connection, task: object) -> Mapping[str, Any]:
    """The result's data."""
    await ended(connection, task)
    envelope = json.loads(await connection.fetchval("SELECT body FROM result WHERE task = $1", task))
    return dict(envelope["data"])
