"""Processors as processes that a test stops, continues and kills, and what is left of them afterwards."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from helpers.eventually import eventually
from helpers.processes import descendants, ended
from helpers.processor_process import environment_of
from helpers.processors import ProcessorFactory

END_WITHIN_S = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class MortalProcessor:
    """One running processor.

    Attributes:
        process: it.
        log: the file that it writes its log to.
    """

    process: asyncio.subprocess.Process
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def send(self, *numbers: signal.Signals) -> None:
        """Send it signals, one right after the other; harmless when it has ended."""
        for number in numbers:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)

    async def ready(self, connection: asyncpg.Connection) -> None:
        """Wait until it is there for all to see, and works."""
        await eventually(
            lambda: connection.fetchval("SELECT true FROM processor WHERE name LIKE '%:' || $1::text", str(self.pid))
        )

    def fork_server(self) -> int:
        """The process that starts its children.

        Raises:
            ProcessLookupError: it has none yet, or none any more.
        """
        for pid, command in descendants(self.pid).items():
            if "processor.forkserver" in command:
                return pid
        raise ProcessLookupError

    def all_processes(self) -> list[int]:
        """It, its fork server, their children, and theirs."""
        return [self.pid, *descendants(self.pid)]

    async def end(self) -> int:
        """Wait for its end; gives its exit code."""
        async with asyncio.timeout(END_WITHIN_S):
            return await self.process.wait()

    def peak_bytes(self) -> int:
        """The most memory that it had."""
        status = Path(f"/proc/{self.pid}/status").read_text("ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) << 10


@asynccontextmanager
async def mortal_processor(
    processors: ProcessorFactory,
    *,
    environment: Mapping[str, str] | None = None,
    prefix: Sequence[str] = (),
    **settings: object,
) -> AsyncIterator[MortalProcessor]:
    """A processor, killed afterwards if it still runs.

    Args:
        processors: what it works with.
        environment: what it is told besides.
        prefix: a command that becomes it.
        settings: those that differ from the defaults.

    Raises:
        AssertionError: a process of its own is left when it has ended.
    """
    told = {f"SUNDOG_PROCESSOR_{name.upper()}": str(value) for name, value in settings.items()}
    log = processors.folder / f"processor-{len(list(processors.folder.glob('processor-*.log')))}.log"
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *(*prefix, sys.executable, "-P", "-m", "sundog", "processor"),
            env=environment_of(processors) | told | dict(environment or {}),
            stdout=file,
            stderr=file,
        )
    running = MortalProcessor(process=process, log=log)
    try:
        yield running
    finally:
        below = descendants(process.pid)
        if process.returncode is None:
            process.kill()
        await process.wait()
        left = {pid: command for pid, command in below.items() if not ended(pid, within=10)}
        assert not left


def processes_in(folder: Path) -> dict[int, str]:
    """The processes that live for a processor with its work folder in this one, whoever their parent is now."""
    mark = f"={folder}/".encode()
    found = {}
    for each in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (each / "environ").read_bytes():
                found[int(each.name)] = (each / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:  # it has ended, or is not ours to look at
            continue
    return found
