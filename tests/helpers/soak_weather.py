"""The faults that fall on a soak, one after the other, drawn by a seed."""

import os
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import anyio
import asyncpg

from common.queries import load_query
from helpers.database import Database, connected
from helpers.postgres_proxy import PostgresProxy
from helpers.processes import descendants
from helpers.soak_fleet import LEASE_S, Fleet
from sundog.postgres import EmbeddedPostgres

STATEMENTS: Final = ("claim_tasks", "append_events", "settle_attempts", "renew_leases", "rescue_tasks")
OF_PROCESSORS: Final = "FROM pg_stat_activity WHERE usename = 'sundog_processor' AND datname = current_database()"
SHORT_S: Final = 0.3


class Weather:
    """What can go wrong.

    Attributes:
        fallen: how often each fault fell.
    """

    def __init__(
        self, *, fleet: Fleet, server: EmbeddedPostgres, database: Database, proxy: PostgresProxy, rng: random.Random
    ) -> None:
        self.fallen: Counter[str] = Counter()
        self._fleet = fleet
        self._server = server
        self._database = database
        self._proxy = proxy
        self._rng = rng
        self._left: list[Callable[[], Awaitable[None]]] = []

    async def strike(self) -> None:
        """Let one fault fall, and wait until it is over. Every kind falls before one falls again."""
        if not self._left:
            self._left = [
                *(self.kill_processor, self.freeze_processor, self.stop_processor, self.storm_processor),
                *(self.kill_child, self.freeze_child, self.kill_fork_server),
                *(self.restart_postgres, self.crash_postgres, self.kill_backend, self.end_sessions),
                *(self.reset, self.half_open, self.outage, self.slow, self.full, self.lock_tasks),
                *(self.lose_answer, self.lose_answer, self.lose_answer),
            ]
            self._rng.shuffle(self._left)
        fault = self._left.pop()
        self.fallen[fault.__name__] += 1
        with suppress(ProcessLookupError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await fault()  # what it should have hit may have gone by itself

    async def kill_processor(self) -> None:
        self._fleet.draw(self._rng).send(signal.SIGKILL)

    async def freeze_processor(self) -> None:
        """Past its lease."""
        processor = self._fleet.draw(self._rng)
        processor.send(signal.SIGSTOP)
        await anyio.sleep(LEASE_S * 1.5)
        processor.send(signal.SIGCONT)

    async def stop_processor(self) -> None:
        self._fleet.draw(self._rng).send(signal.SIGTERM)

    async def storm_processor(self) -> None:
        self._fleet.draw(self._rng).send(*[signal.SIGTERM] * 20)

    async def kill_child(self) -> None:
        for pid in self._children():
            os.kill(pid, signal.SIGKILL)

    async def freeze_child(self) -> None:
        for pid in self._children():
            os.kill(pid, signal.SIGSTOP)
            await anyio.sleep(SHORT_S)
            os.kill(pid, signal.SIGCONT)

    def _children(self) -> list[int]:
        """One child of a processor, if there is one."""
        children = list(descendants(self._fleet.draw(self._rng).fork_server()))
        return self._rng.sample(children, min(1, len(children)))

    async def kill_fork_server(self) -> None:
        os.kill(self._fleet.draw(self._rng).fork_server(), signal.SIGKILL)

    async def restart_postgres(self) -> None:
        await self._server.restart()

    async def crash_postgres(self) -> None:
        self._server.kill()
        await self._server.wait()
        await self._server.restart()

    async def kill_backend(self) -> None:
        async with connected(self._database.dsn) as connection:
            os.kill(await connection.fetchval(f"SELECT pid {OF_PROCESSORS} LIMIT 1"), signal.SIGKILL)

    async def end_sessions(self) -> None:
        async with connected(self._database.dsn) as connection:
            await connection.execute(f"SELECT pg_terminate_backend(pid) {OF_PROCESSORS}")

    async def reset(self) -> None:
        self._proxy.reset()

    async def half_open(self) -> None:
        """The connections that there are die without an error."""
        self._proxy.freeze()
        await anyio.sleep(LEASE_S * 1.5)
        self._proxy.thaw()

    async def outage(self) -> None:
        """For longer than a lease, nobody reaches Postgres."""
        self._proxy.freeze(also_new=True)
        await anyio.sleep(LEASE_S * 1.5)
        self._proxy.reset()
        self._proxy.thaw()

    async def slow(self) -> None:
        self._proxy.delay_s = 0.02
        await anyio.sleep(1)
        self._proxy.delay_s = 0.0

    async def full(self) -> None:
        """No connection is free."""
        async with connected(self._database.dsn) as connection:
            await connection.execute(f"ALTER DATABASE {self._database.name} CONNECTION LIMIT 0")
            await connection.execute(f"SELECT pg_terminate_backend(pid) {OF_PROCESSORS}")
            await anyio.sleep(SHORT_S)
            await connection.execute(f"ALTER DATABASE {self._database.name} CONNECTION LIMIT -1")

    async def lock_tasks(self) -> None:
        """Somebody holds the rows of what runs."""
        async with connected(self._database.dsn) as connection, connection.transaction():
            await connection.execute("SELECT FROM task WHERE state = 'running' ORDER BY id FOR UPDATE")
            await anyio.sleep(SHORT_S)

    async def lose_answer(self) -> None:
        self._proxy.lose_answer(load_query("processor", self._rng.choice(STATEMENTS)).splitlines()[0])
