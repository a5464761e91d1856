"""procrastinate: `DSN fill N` makes the queue, `DSN work` works it off until it is told to end."""

import sys

import uvloop
from procrastinate import App, PsycopgConnector

CONCURRENCY = 30
app = App(connector=PsycopgConnector(conninfo=sys.argv[1]))


@app.task(name="noop")  # type: ignore[untyped-decorator]  # the peers are not installed here
async def noop() -> None:
    """Do nothing."""


async def fill(jobs: int) -> None:
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        await noop.batch_defer_async(*({} for _ in range(jobs)))


async def work() -> None:
    async with app.open_async():
        await app.run_worker_async(concurrency=CONCURRENCY)


if __name__ == "__main__":
    uvloop.run(fill(int(sys.argv[3])) if sys.argv[2] == "fill" else work())
