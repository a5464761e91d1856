"""An embedded Postgres: a server over one folder that lives as long as an `async with` block."""

import itertools
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote, urlencode

import anyio
import asyncpg

from common.backoff import backoff
from common.folder_lock import folder_lock
from sundog.part_log import Tell
from sundog.postgres_binaries import PostgresBinaries, find_postgres
from sundog.postgres_cluster import OWNER, STOP_STEPS, Cluster, PostgresStartError
from sundog.process import ChildProcess
from sundog.unprivileged import hand_over, identity_for

DATABASE: Final = "sundog"
LOOPBACK: Final = "127.0.0.1"
PORT_IN_SOCKET_NAME: Final = 5432
LONGEST_SOCKET_FOLDER: Final = 107 - len("/.s.PGSQL.65535")
START_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.005


class EmbeddedPostgres:
    """A Postgres server of our own: `async with EmbeddedPostgres(folder) as server: server.dsn()`.

    Entered means that it answers; left means that it has stopped, and it ends when this process ends. It may be entered
    and left in different event loops, but in the main thread (see `ChildProcess.start`).
    """

    def __init__(
        self,
        folder: Path,
        *,
        binaries: PostgresBinaries | None = None,
        settings: Mapping[str, str] | None = None,
        tcp: bool = False,
    ) -> None:
        """Nothing happens yet.

        Args:
            folder: where it keeps everything; made if missing.
            binaries: which server; None looks for one.
            settings: server settings beyond the defaults, for example `{"fsync": "off"}` in tests.
            tcp: also listen on a free port of 127.0.0.1; otherwise only a Unix socket in a folder of ours leads to it.
        """
        self._cluster = Cluster(folder.absolute())
        self._binaries = binaries
        self._settings = dict(settings or {})
        self._tcp = tcp
        self._port = PORT_IN_SOCKET_NAME
        self._sockets = Path()
        self._process: ChildProcess | None = None
        self._held = ExitStack()

    async def __aenter__(self) -> Self:
        with ExitStack() as held:
            held.enter_context(folder_lock(self._cluster.folder))
            self._sockets = held.enter_context(_socket_folder(self._cluster.folder / "run"))
            self._port = _free_port() if self._tcp else PORT_IN_SOCKET_NAME
            await self._start()
            self._held = held.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def pid(self) -> int:
        """Of the postmaster."""
        return self._running().pid

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1 if there is one, and the number in the socket's name."""
        return self._port

    def dsn(
        self, *, user: str = OWNER, password: str | None = None, database: str = DATABASE, tcp: bool = False
    ) -> str:
        """A connection string.

        Args:
            user: a role; the owner by default.
            password: its password; the owner's by default.
            database: the database.
            tcp: go over 127.0.0.1 and not over the socket.
        """
        secret = self._cluster.password if password is None else password
        place = urlencode({"host": LOOPBACK if tcp else str(self._sockets), "port": self._port})
        return f"postgresql://{quote(user, safe='')}:{quote(secret, safe='')}@/{quote(database, safe='')}?{place}"

    async def wait(self) -> int:
        """Wait until the server ends by itself.

        Returns:
            Its return code.
        """
        return await self._running().wait()

    async def keep_running(self, *, tell: Tell) -> None:
        """Start the server again whenever it ends by itself, until cancelled; its DSNs stay what they are.

        Args:
            tell: is given a line for a person each time.
        """
        while True:
            tell(f"postgres ended with {await self.wait()}; it starts again")
            for attempt in itertools.count(1):
                await anyio.sleep(backoff(attempt, first=0.1, most=10.0))
                try:
                    await self.restart()
                    break
                except (PostgresStartError, OSError, asyncpg.PostgresError) as error:
                    tell(f"postgres did not start: {error}")

    async def restart(self) -> None:
        """Stop what is left of the server and start it again over the same folder, socket and port."""
        await self._end_process()
        await self._start()

    def kill(self, number: signal.Signals = signal.SIGQUIT) -> None:
        """End the server at once, without saving more than the log that it recovers from.

        Args:
            number: SIGKILL instead, if it does not obey any more; then its sessions may outlive it for a moment.
        """
        if self._process is not None:
            self._process.send(number)

    async def stop(self) -> None:
        """Stop the server: sessions are ended, all is written; by force if that takes too long. Idempotent."""
        with self._held:
            await self._end_process()

    async def _end_process(self) -> None:
        # It is ours until it has ended: it may have to be killed meanwhile.
        if self._process is not None:
            await self._process.stop(*STOP_STEPS)
            self._process = None

    def _running(self) -> ChildProcess:
        if self._process is None:
            raise PostgresStartError("The embedded Postgres is not running.")
        return self._process

    async def _start(self) -> None:
        binaries = self._binaries = self._binaries or find_postgres()
        if self._cluster.data.exists():
            self._cluster.check_version(binaries)
            await self._cluster.end_leftover()
        else:
            await self._cluster.make(binaries, sync=self._settings.get("fsync") != "off")
        process = self._launch(binaries)
        try:
            await self._until_ready(process)
            await self._ensure_database()
        except BaseException:
            await process.stop(*STOP_STEPS)
            raise
        self._process = process

    def _launch(self, binaries: PostgresBinaries) -> ChildProcess:
        identity = identity_for(self._cluster.data)
        hand_over(self._sockets, identity)
        command = [binaries.program("postgres"), "-D", str(self._cluster.data), *self._options()]
        return self._cluster.launch(command, identity=identity, parent_death_signal=signal.SIGINT)

    def _options(self) -> Sequence[str]:
        settings = {
            "listen_addresses": LOOPBACK if self._tcp else "",
            "port": str(self._port),
            "unix_socket_directories": f'"{self._sockets}"',
            "unix_socket_permissions": "0700",
            **self._settings,
        }
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    async def _until_ready(self, process: ChildProcess) -> None:
        with anyio.move_on_after(START_SECONDS):
            while process.returncode is None:
                if self._cluster.is_ready(process.pid):
                    return
                await anyio.sleep(POLL_SECONDS)
        raise self._cluster.start_error("The embedded Postgres did not start")

    async def _ensure_database(self) -> None:
        connection = await asyncpg.connect(self.dsn(database="postgres"))
        try:
            if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", DATABASE):
                await connection.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            await connection.close()


@contextmanager
def _socket_folder(wanted: Path) -> Iterator[Path]:
    """A folder that only we may enter, with a path short enough for a socket in it."""
    if len(bytes(wanted)) <= LONGEST_SOCKET_FOLDER:
        wanted.mkdir(mode=0o700, exist_ok=True)
        yield wanted
        return
    short = Path(tempfile.mkdtemp(prefix="sundog-"))
    try:
        yield short
    finally:
        shutil.rmtree(short, ignore_errors=True)


def _free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
