"""A Postgres as durable as by default, migrated, with the two services' roles, and gateways as processes over it."""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg

from benchmarks.parts.crowd import raise_limit_of_files
from common.migrate import migrate
from sundog.commands.migrate import GATEWAY_ROLE, PROCESSOR_ROLE
from sundog.environment import environment_of
from sundog.listening import listening
from sundog.postgres import EmbeddedPostgres
from sundog.process import ChildProcess

PASSWORD: Final = "of-a-benchmark"
SETTINGS: Final = {
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "128MB",
    "max_connections": "100",
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.track_utility": "off",
}
READY_S: Final = 30.0
# Not those by which asyncpg's pool cleans a connection up after each of ours.
STATEMENTS: Final = """
SELECT coalesce(sum(calls), 0)::bigint
FROM pg_stat_statements
WHERE userid = $1::regrole AND query <> 'SELECT pg_advisory_unlock_all()'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A database, as each of its users reaches it.

    Attributes:
        folder: for whatever else is needed; removed at the end.
        owner: a connection that may do everything.
    """

    folder: Path
    owner_dsn: str
    gateway_dsn: str
    processor_dsn: str
    owner: asyncpg.Connection

    async def gateway_statements(self) -> int:
        """How many statements all gateways have run so far."""
        return int(await self.owner.fetchval(STATEMENTS, GATEWAY_ROLE))

    @asynccontextmanager
    async def gateway(self, **settings: str) -> AsyncIterator["Gateway"]:
        """A gateway that is ready.

        Args:
            settings: of its environment, without their prefix, for example `STREAM_HEARTBEAT_S`.
        """
        raise_limit_of_files()
        log = self.folder / "gateway.log"
        with listening("127.0.0.1", 0) as address, log.open("ab") as output:
            told = {
                "SUNDOG_DATABASE_DSN": self.gateway_dsn,
                "SUNDOG_STORAGE_URL": (self.folder / "storage").as_uri(),
                "SUNDOG_GATEWAY_SOCKET_FD": str(address.descriptor),
                **{f"SUNDOG_{name}": value for name, value in settings.items()},
            }
            process = ChildProcess.start(
                (sys.executable, "-P", "-m", "sundog", "gateway"),
                env=environment_of("gateway", told, defaults={}, inherited=_without_settings()),
                output=output,
                pass_fds=(address.descriptor,),
            )
            port = address.port
        gateway = Gateway(process, port=port, log=log)
        try:
            await gateway.until_ready()
            yield gateway
        finally:
            await process.stop((signal.SIGTERM, 5.0))


class Gateway:
    """A gateway in a process of its own."""

    def __init__(self, process: ChildProcess, *, port: int, log: Path) -> None:
        self._process = process
        self._log = log
        self.port = port

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def kill(self) -> None:
        """End it without a word."""
        self._process.send(signal.SIGKILL)

    async def terminate(self) -> int:
        """Tell it to stop, and wait until it has; its exit code."""
        self._process.send(signal.SIGTERM)
        return await self._process.wait()

    async def until_ready(self) -> None:
        """Wait until it answers.

        Raises:
            TimeoutError: it does not.
        """
        async with asyncio.timeout(READY_S):
            while not await self._answers():
                assert self._process.returncode is None, self._log.read_text(encoding="utf-8")[-2000:]
                await asyncio.sleep(0.02)

    async def _answers(self) -> bool:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            answer = await reader.read()
            writer.close()
            return answer.startswith(b"HTTP/1.1 200 ")
        return False


@asynccontextmanager
async def installation() -> AsyncIterator[Installation]:
    """A new one, in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="sundog-bench-") as name:
        folder = _furnished(Path(name))
        async with EmbeddedPostgres(folder / "postgres", settings=SETTINGS) as server:
            await migrate(server.dsn(), passwords={GATEWAY_ROLE: PASSWORD, PROCESSOR_ROLE: PASSWORD})
            owner = await asyncpg.connect(server.dsn())
            try:
                await owner.execute("CREATE EXTENSION pg_stat_statements")
                yield Installation(
                    folder=folder,
                    owner_dsn=server.dsn(),
                    gateway_dsn=server.dsn(user=GATEWAY_ROLE, password=PASSWORD),
                    processor_dsn=server.dsn(user=PROCESSOR_ROLE, password=PASSWORD),
                    owner=owner,
                )
            finally:
                await owner.close()


def _furnished(folder: Path) -> Path:
    folder.chmod(0o711)  # Postgres may have to run as somebody else
    (folder / "storage").mkdir()
    return folder


def _without_settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("SUNDOG_")}
