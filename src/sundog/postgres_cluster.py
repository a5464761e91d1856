"""The folder of an embedded Postgres: what it holds, how it is made, and what its pid file says."""

import os
import secrets
import signal
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from common.errors import ConfigurationError
from sundog.postgres_binaries import PostgresBinaries
from sundog.process import ChildProcess, end_stranger
from sundog.unprivileged import hand_over, identity_for

OWNER: Final = "sundog"
STOP_STEPS: Final = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))  # "fast", then "immediate"
PORT_LINE: Final = 3
SOCKET_LINE: Final = 4
STATUS_LINE: Final = 7  # of postmaster.pid, counted from 0: "ready" once the server answers


class PostgresStartError(ConfigurationError):
    """The embedded server could not be made or started; the message carries its last words."""

    code = "postgres_start"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A folder and what lies in it.

    data/          the database cluster
    password       of the owner role, readable by us alone
    run/           the Unix socket; in a temporary folder instead where this path would be too long
    postgres.log   what the server says
    lock           held while a server runs over the folder, so that two owners never meet
    """

    folder: Path

    @property
    def data(self) -> Path:
        """What Postgres calls PGDATA."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the server and initdb say."""
        return self.folder / "postgres.log"

    @property
    def password(self) -> str:
        """Of the owner role."""
        return (self.folder / "password").read_text(encoding="ascii").strip()

    def check_version(self, binaries: PostgresBinaries) -> None:
        """Refuse a server that is not of the cluster's own major version.

        Raises:
            ConfigurationError: the versions differ.
        """
        made_by = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        if made_by != str(binaries.major):
            raise ConfigurationError(
                f"The database in {self.folder} was made by PostgreSQL {made_by}; the server here is {binaries.major}.",
                advice=f"Set SUNDOG_POSTGRES_BIN to the bin folder of PostgreSQL {made_by}, or choose another folder.",
            )

    async def make(self, binaries: PostgresBinaries, *, sync: bool) -> None:
        """Make the cluster, with a random password for its owner.

        Args:
            binaries: whose initdb.
            sync: wait for the disk at the end; tests need not.

        Raises:
            PostgresStartError: initdb failed.
        """
        secret = secrets.token_urlsafe(24)
        _write_private(self.folder / "password", secret)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix="new-") as name:
            new = Path(name)
            _write_private(new / "password", secret)
            identity = identity_for(self.data)
            hand_over(self.folder, identity)
            command = _initdb(binaries, data=new / "data", password=new / "password", sync=sync)
            # SIGKILL: what is half made is thrown away.
            child = self.launch(command, identity=identity, parent_death_signal=signal.SIGKILL)
            if await _finished(child) != 0:
                raise self.start_error("initdb could not make a database")
            # A cluster that was interrupted half way never gets the name by which it is found.
            (new / "data").rename(self.data)

    def launch(self, command: Sequence[str], *, identity: str, parent_death_signal: signal.Signals) -> ChildProcess:
        """Start one of the server's programs; what it says goes to the log."""
        # Nothing of our environment is the server's business, least of all PG* variables and secrets.
        env = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        with self.log.open("ab") as log:
            return ChildProcess.start(
                command, env=env, output=log, identity=identity, parent_death_signal=parent_death_signal
            )

    def is_ready(self, pid: int) -> bool:
        """Whether the server with this pid answers."""
        lines = self._pid_file_lines()
        return len(lines) > STATUS_LINE and lines[0] == str(pid) and lines[STATUS_LINE].strip() == "ready"

    def socket_address(self) -> tuple[str, int] | None:
        """The folder and the number of the socket on which a server of this cluster answers; None if none does."""
        lines = self._pid_file_lines()
        if len(lines) <= STATUS_LINE or lines[STATUS_LINE].strip() != "ready" or not self._is_served_by(int(lines[0])):
            return None
        return lines[SOCKET_LINE], int(lines[PORT_LINE])

    async def end_leftover(self) -> None:
        """End a server whose owner is gone, and forget a pid file whose server is gone. Call it with the lock held."""
        lines = self._pid_file_lines()
        pid = int(lines[0]) if lines and lines[0].isdecimal() else 0
        if self._is_served_by(pid):
            await end_stranger(pid, *STOP_STEPS)
        # Postgres itself would take the number for a living server's as soon as any other process has it.
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def start_error(self, sentence: str) -> PostgresStartError:
        """An error that ends with the last lines of the log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return PostgresStartError(f"{sentence}: {' / '.join(lines[-3:])}", advice=f"Its log is {self.log}.")

    def _pid_file_lines(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []

    def _is_served_by(self, pid: int) -> bool:
        """A postmaster's working directory is its data folder."""
        try:
            return pid > 0 and Path(f"/proc/{pid}/cwd").samefile(self.data)
        except OSError:
            return False


def _initdb(binaries: PostgresBinaries, *, data: Path, password: Path, sync: bool) -> list[str]:
    return [
        binaries.program("initdb"),
        f"--pgdata={data}",
        f"--username={OWNER}",
        f"--pwfile={password}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--data-checksums",
        *([] if sync else ["--no-sync"]),
    ]


async def _finished(child: ChildProcess) -> int:
    try:
        return await child.wait()
    finally:
        await child.stop()


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text + "\n")
