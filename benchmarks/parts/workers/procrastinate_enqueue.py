"""procrastinate's own defer, in the process that calls it: `DSN JOBS CALLERS`; prints the seconds that all took."""

import asyncio
import sys
import time

import uvloop
from procrastinate import App, PsycopgConnector

app = App(connector=PsycopgConnector(conninfo=sys.argv[1], min_size=8, max_size=8))


@app.task(name="noop")  # type: ignore[untyped-decorator]  # the peers are not installed here
async def noop(top_k: int) -> None:
    """Do nothing."""


async def defer(jobs: int, callers: int) -> float:
    async with app.open_async():
        await app.schema_manager.apply_schema_async()

        async def call(times: int) -> None:
            for _ in range(times):
                await noop.defer_async(top_k=10)

        await call(20)
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(callers):
                group.create_task(call(jobs // callers))
        return time.perf_counter() - began


if __name__ == "__main__":
    print(uvloop.run(defer(int(sys.argv[2]), int(sys.argv[3]))))
