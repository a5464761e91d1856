"""PgQueuer: `DSN fill N` makes the queue, `DSN work` works it off until it is told to end."""

import asyncio
import contextlib
import signal
import sys

import asyncpg
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries

AT_ONCE = 1000
BATCH = 100  # jobs a claim; its own default of 10 is for jobs that take a while


async def fill(dsn: str, jobs: int) -> None:
    connection = await asyncpg.connect(dsn)
    queries = Queries(AsyncpgDriver(connection))
    await queries.install()
    for begin in range(0, jobs, AT_ONCE):
        count = min(AT_ONCE, jobs - begin)
        await queries.enqueue(["noop"] * count, [None] * count, [0] * count)
    await connection.close()


async def work(dsn: str) -> None:
    queue = PgQueuer(AsyncpgDriver(await asyncpg.connect(dsn)))

    @queue.entrypoint("noop")  # type: ignore[untyped-decorator]  # the peers are not installed here
    async def noop(_job: Job) -> None:
        """Do nothing."""

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, queue.shutdown.set)
    with contextlib.suppress(asyncio.CancelledError):
        await queue.run(batch_size=BATCH)


if __name__ == "__main__":
    uvloop.run(fill(sys.argv[1], int(sys.argv[3])) if sys.argv[2] == "fill" else work(sys.argv[1]))
