"""PgQueuer's own enqueue, in the process that calls it: `DSN JOBS CALLERS`; prints the seconds that all took."""

import asyncio
import sys
import time

import asyncpg
import uvloop
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver, AsyncpgPoolDriver
from pgqueuer.queries import Queries


async def enqueue(dsn: str, jobs: int, callers: int) -> float:
    connection = await asyncpg.connect(dsn)
    await Queries(AsyncpgDriver(connection)).install()
    await connection.close()
    async with asyncpg.create_pool(dsn, min_size=8, max_size=8) as pool:
        queries = Queries(AsyncpgPoolDriver(pool))

        async def call(times: int) -> None:
            for _ in range(times):
                await queries.enqueue("noop", b'{"top_k": 10}')

        await call(20)
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(callers):
                group.create_task(call(jobs // callers))
        return time.perf_counter() - began


if __name__ == "__main__":
    print(uvloop.run(enqueue(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
