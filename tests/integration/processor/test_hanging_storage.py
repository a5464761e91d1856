"""Whose failure it is: an attempt whose storage takes the request and never answers, or that meets a fault of ours.

A server of HTTP stands in the place of an object store.
"""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import cast
from uuid import uuid4

import anyio
from obstore.store import HTTPStore, MemoryStore

from common.ids import TaskId
from common.storage import Storage
from processor.attempt import Attempt, Workshop
from processor.cache import InputCache
from processor.child_pool import ChildPool
from processor.claim import Claim, Failed
from processor.feed_writer import FeedWriter
from processor.settings import ProcessorSettings
from processor.watchdog import Watchdog

SHA256 = "0" * 64
CLAIM = Claim(
    task=TaskId(uuid4()),
    lease=1,
    attempt=1,
    seq=2,
    failures=0,
    crashes=0,
    tenant="default",
    kind="noop",
    params={},
    inputs=({"name": "data", "filename": "a.csv", "sha256": SHA256, "bytes": 1000},),
    timeout_s=1,
    memory_mb=1000,
    max_attempts=3,
    low_memory=False,
)


def workshop_with(storage: Storage, *, folder: Path) -> Workshop:
    return Workshop(
        pool=cast("ChildPool", None),  # it does not come to a child
        watchdog=Watchdog(),
        cache=InputCache(folder=folder / "inputs", storage=storage, most_bytes=1),
        storage=storage,
        feed=cast("FeedWriter", None),  # nothing is told
        settings=ProcessorSettings(work_dir=folder, bring_s=0.5),
    )


async def test_a_storage_that_hangs_gives_the_slot_back(tmp_path: Path) -> None:
    asked = anyio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await reader.read()  # until the other side gives up
        writer.close()

    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        store = HTTPStore.from_url(f"http://127.0.0.1:{port}", client_options={"allow_http": True})
        storage = Storage(store=store)
        workshop = workshop_with(storage, folder=tmp_path)
        await workshop.cache.open()
        with anyio.fail_after(20):
            report = (await Attempt(CLAIM, workshop=workshop).run()).report

    assert asked.is_set()
    assert isinstance(report, Failed)
    assert (report.error["code"], report.permanent, report.by_machine) == ("machine_failed", False, True)
    assert "The storage did not give an input" in report.error["message"]
    assert not list((tmp_path / "inputs").iterdir())


async def test_a_fault_of_our_own_is_tried_again_and_says_nothing_about_the_machine(tmp_path: Path) -> None:
    """No pool to take a child from."""
    workshop = workshop_with(Storage(store=MemoryStore()), folder=tmp_path)
    report = (await Attempt(replace(CLAIM, inputs=()), workshop=workshop).run()).report

    assert isinstance(report, Failed)
    assert (report.error["code"], report.permanent, report.by_machine) == ("machine_failed", False, False)
