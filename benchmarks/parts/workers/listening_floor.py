"""A bare worker that is woken by NOTIFY, claims with SKIP LOCKED and notes when it had the job. Argument: DSN."""

import asyncio
import sys
import time

import asyncpg
import uvloop

CHANNEL = "job"
POLL_S = 1.0
SCHEMA = """
CREATE TABLE job (id uuid PRIMARY KEY, done boolean NOT NULL DEFAULT false, begun_ns bigint);
CREATE INDEX job_waiting ON job (id) WHERE NOT done AND begun_ns IS NULL;
CREATE TABLE listening ()
"""
CLAIM = """
UPDATE job SET begun_ns = 0 WHERE id = ANY (ARRAY(
    SELECT id FROM job WHERE NOT done AND begun_ns IS NULL ORDER BY id LIMIT 16 FOR NO KEY UPDATE SKIP LOCKED
)) RETURNING id
"""
FINISH = "UPDATE job SET done = true, begun_ns = $2 WHERE id = ANY ($1::uuid[])"


async def work(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    listener = await asyncpg.connect(dsn)
    rung = asyncio.Event()
    await listener.add_listener(CHANNEL, lambda *_: rung.set())
    await connection.execute("ALTER TABLE listening ADD ready boolean")
    while True:
        rung.clear()
        while jobs := [row["id"] for row in await connection.fetch(CLAIM)]:
            begun = time.monotonic_ns()
            await connection.execute(FINISH, jobs, begun)
        try:
            async with asyncio.timeout(POLL_S):
                await rung.wait()
        except TimeoutError:
            continue


if __name__ == "__main__":
    uvloop.run(work(sys.argv[1]))
