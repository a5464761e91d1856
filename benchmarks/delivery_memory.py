"""Memory that a gateway takes for each watcher that only waits.

Resident memory of the server's process with and without its watchers; what the kernel keeps for a socket is not in it.
Some watchers come and go before, so that what is loaded with the first is not counted.
"""

import argparse
import asyncio
from collections.abc import Sequence
from typing import Final

import uvloop

from benchmarks.parts.crowd import crowd
from benchmarks.parts.figures import compare, headline
from benchmarks.parts.floors import floor
from benchmarks.parts.installation import Installation, installation
from benchmarks.parts.process_cost import resident_bytes
from benchmarks.parts.story import Storyteller, path_of, storyteller

WARM_UP: Final = 20
SETTLE_S: Final = 1.0  # so that what was freed is free


async def kib_a_watcher(pid: int, port: int, *, paths: Sequence[str], watchers: int) -> float:
    async with crowd() as watching:
        await watching.connect(port, watchers=WARM_UP, paths=paths[:1])
        await watching.leave()
        await asyncio.sleep(SETTLE_S)
        before = resident_bytes(pid)
        await watching.connect(port, watchers=watchers, paths=paths)
        await asyncio.sleep(SETTLE_S)
        after = resident_bytes(pid)
        await watching.leave()
        return (after - before) / watchers / 1024


async def of_gateway(here: Installation, teller: Storyteller, *, tasks: int, watchers: int) -> float:
    paths = [path_of(claim) for claim in await teller.claims(tasks)]
    async with here.gateway() as gateway:
        return await kib_a_watcher(gateway.pid, gateway.port, paths=paths, watchers=watchers)


async def of_floor(form: str, *, watchers: int) -> float:
    async with floor(form) as server:
        return await kib_a_watcher(server.pid, server.port, paths=["/"], watchers=watchers)


async def main(watchers: int) -> None:
    async with installation() as here, storyteller(owner=here.owner, dsn=here.processor_dsn) as teller:
        of_one = await of_gateway(here, teller, tasks=1, watchers=watchers)
        of_each = await of_gateway(here, teller, tasks=watchers, watchers=watchers)
    print(f"{watchers:,} watchers that wait")
    headline("the same number of watchers in the same run")
    for form, name in (
        ("eventsource", "EventSourceResponse"),
        ("direct", "ASGI app that calls send"),
        ("sockets", "raw asyncio sockets"),
    ):
        yardstick = await of_floor(form, watchers=watchers)
        compare(f"a watcher of one task, beside {name}", of_one, yardstick, unit="KiB", goal="≤ 12 KiB")
    compare("a watcher of a task of its own, beside one of all", of_each, of_one, unit="KiB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--watchers", type=int, default=2_000)
    uvloop.run(main(parser.parse_args().watchers))
