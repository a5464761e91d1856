"""The servers that Sundog's delivery is measured by, as a benchmark commands them; see `workers/stream_floor.py`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from benchmarks.parts.crowd import raise_limit_of_files
from benchmarks.parts.programs import Program, program


class Floor:
    """A server that sends one story to all who connect."""

    def __init__(self, told: Program, *, port: int) -> None:
        self._told = told
        self.port = port

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._told.pid

    async def tell(self, seq: int) -> None:
        """Send an event with this number."""
        await self._told.ask("tell", seq=seq)

    def kill(self) -> None:
        """End it without a word."""
        self._told.kill()


@asynccontextmanager
async def floor(form: str, *, dsn: str = "", task: UUID | None = None) -> AsyncIterator[Floor]:
    """A running server of a form; with the DSN and the task that feed it, if its form is `fed`."""
    raise_limit_of_files()
    source = () if task is None else (dsn, str(task))
    async with program("stream_floor", form, *source) as told:
        yield Floor(told, port=(await told.ask("port"))["port"])
