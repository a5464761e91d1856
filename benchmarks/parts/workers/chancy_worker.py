"""chancy: `DSN fill N` makes the queue, `DSN work` works it off until it is told to end.

Its jobs run in its own event loop (the executor that it recommends for short asynchronous jobs) and it looks for more
as soon as one is done; with the default, which looks every five seconds, it would measure nothing but that.
"""

import logging
import sys

import uvloop
from chancy import Chancy, Queue, Worker, job

CONCURRENCY = 100


@job(queue="default")  # type: ignore[untyped-decorator]  # the peers are not installed here
async def noop() -> None:
    """Do nothing."""


def opened(dsn: str) -> Chancy:
    quiet = logging.getLogger("chancy")
    quiet.setLevel(logging.WARNING)
    return Chancy(dsn, log=quiet)


async def fill(dsn: str, jobs: int) -> None:
    async with opened(dsn) as chancy:
        await chancy.migrate()
        queue = Queue("default", concurrency=CONCURRENCY, executor=Chancy.Executor.Async, eager_polling=True)
        await chancy.declare(queue)
        async for _references in chancy.push_many([noop.job] * jobs):
            pass


async def work(dsn: str) -> None:
    async with opened(dsn) as chancy, Worker(chancy) as worker:
        await worker.wait_for_shutdown()


if __name__ == "__main__":
    uvloop.run(fill(sys.argv[1], int(sys.argv[3])) if sys.argv[2] == "fill" else work(sys.argv[1]))
