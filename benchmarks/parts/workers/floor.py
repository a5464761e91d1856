"""The floor: a bare loop over one connection that claims a batch with SKIP LOCKED and marks it done. No promise at all.

`floor.py DSN fill N` makes the queue, `floor.py DSN work` works it off until it is told to end.
"""

import asyncio
import sys

import asyncpg
import uvloop

BATCH = 100
SCHEMA = """
CREATE TABLE job (id bigserial PRIMARY KEY, done boolean NOT NULL DEFAULT false, locked boolean NOT NULL DEFAULT false);
CREATE INDEX job_waiting ON job (id) WHERE NOT locked AND NOT done
"""
FILL = "INSERT INTO job (id) SELECT generate_series(1, $1)"
CLAIM = """
UPDATE job SET locked = true
WHERE id = ANY (ARRAY(
    SELECT id FROM job WHERE NOT locked AND NOT done ORDER BY id LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED
)) RETURNING id
"""
FINISH = "UPDATE job SET done = true WHERE id = ANY ($1::bigint[])"


async def noop(_job: int) -> None:
    """What is to be done: nothing."""


async def fill(dsn: str, jobs: int) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(SCHEMA)
    await connection.execute(FILL, jobs)
    await connection.close()


async def work(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    claim, finish = await connection.prepare(CLAIM), await connection.prepare(FINISH)
    while True:
        jobs = [row["id"] for row in await claim.fetch(BATCH)]
        if not jobs:
            await asyncio.sleep(0.05)
            continue
        for job in jobs:
            await noop(job)
        await finish.fetch(jobs)


if __name__ == "__main__":
    uvloop.run(fill(sys.argv[1], int(sys.argv[3])) if sys.argv[2] == "fill" else work(sys.argv[1]))
