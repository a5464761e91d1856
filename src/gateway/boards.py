"""The streams of whole dashboards: the rows of all tasks that match a filter, whenever one of them moves.

Rows are state, not story: a row that comes twice is harmless, and of several changes the latest is enough. So a board
keeps at most one row a task for a client that is slow, and its cursor is a time: after it was away it gets every task
of which something was told since. The time is the database's, less a margin longer than a write takes to become
visible.
"""

import json
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import anyio
from anyio.abc import TaskStatus

from common.backoff import backoff
from common.database import TRANSIENT, Pool
from common.lifecycle import Service, Wakeup
from common.queries import load_query
from gateway import wire
from gateway.task_view import Row, task_view

log = logging.getLogger(__name__)

SELECT_TASKS: Final = load_query("gateway", "select_tasks")
CHANGED_TASKS: Final = load_query("gateway", "changed_tasks")
SELECT_TIME: Final = load_query("gateway", "select_time")

READ_EVERY_S: Final = 0.1
TASKS_A_READ: Final = 1_000
TASKS_A_CATCH_UP: Final = 10_000
MARGIN: Final = timedelta(seconds=10)
WITHOUT_ATTEMPTS: Final = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which tasks a board shows; None: any."""

    tenant: str
    state: str | None = None
    kind: str | None = None

    def matches(self, row: Row) -> bool:
        """Whether it shows this task."""
        return row["tenant"] == self.tenant and self.state in {None, row["state"]} and self.kind in {None, row["kind"]}


@dataclass(frozen=True, slots=True)
class Clock:
    """The database's time, read once and carried on by this machine's monotonic clock."""

    at: datetime
    since: float

    def cursor(self) -> str:
        """Where a stream that ends now can go on."""
        now = self.at + timedelta(seconds=time.monotonic() - self.since)
        return (now - MARGIN).astimezone(UTC).isoformat(timespec="milliseconds")


class Board:
    """One dashboard's stream."""

    def __init__(self, shows: Filter) -> None:
        self._shows = shows
        self._shown: set[UUID] = set()
        self._pending: dict[UUID, str] = {}
        self._wakeup = Wakeup()
        self._leaving = False

    def offer(self, row: Row, body: str) -> None:
        """Take a row that it shows, or showed before: whoever watches must see a task leave the filter too."""
        task = row["id"]
        if self._shows.matches(row):
            self._shown.add(task)
        elif task not in self._shown or row["tenant"] != self._shows.tenant:
            return
        self._pending[task] = body
        self._wakeup.ring()

    def leave(self) -> None:
        """End the stream in order."""
        self._leaving = True
        self._wakeup.ring()

    async def bodies(self) -> AsyncIterator[list[str]]:
        """The rows as they change, several at a time, until it is told to leave."""
        while not self._leaving:
            await self._wakeup.wait()
            pending, self._pending = self._pending, {}
            if pending:
                yield list(pending.values())


class Boards(Service):
    """All dashboards of this gateway: one read a batch of moved tasks for all of them, each row encoded once."""

    def __init__(self, *, pool: Pool) -> None:
        super().__init__()
        self._pool = pool
        self._boards: set[Board] = set()
        self._moved: set[UUID] = set()
        self._look_at_all_since: datetime | None = None
        self._wakeup = Wakeup()

    def __len__(self) -> int:
        return len(self._boards)

    def hear(self, tasks: set[UUID]) -> None:
        """These tasks moved."""
        if self._boards:
            self._moved |= tasks
            self._wakeup.ring()

    def catch_up(self) -> None:
        """Hints may have been lost: look at what changed in the last while."""
        if self._boards:
            self._look_at_all_since = datetime.now(tz=UTC) - 6 * MARGIN
            self._wakeup.ring()

    def leave(self) -> None:
        """End all streams in order."""
        for board in self._boards:
            board.leave()

    @contextmanager
    def watch(self, shows: Filter) -> Iterator[Board]:
        """A board that is offered every row from now on."""
        board = Board(shows)
        self._boards.add(board)
        try:
            yield board
        finally:
            self._boards.discard(board)

    async def stream(self, board: Board, *, since: datetime | None) -> AsyncGenerator[bytes, None]:
        """A board's bytes: what changed since, then what changes.

        Raises:
            One of `TRANSIENT`: Postgres is away.
        """
        clock = Clock(await self._pool.fetchval(SELECT_TIME), time.monotonic())
        first = since if since is not None else clock.at - MARGIN
        for row, body in await self._rows(await self._changed(first)):
            board.offer(row, body)
        yield wire.task_rows([], cursor=clock.cursor())
        async for bodies in board.bodies():
            yield wire.task_rows(bodies, cursor=clock.cursor())

    async def run(self, *, ready: TaskStatus[None]) -> None:
        """Read what moved and offer it, at most `1 / READ_EVERY_S` times a second, until cancelled."""
        ready.started()
        failures = 0
        while True:
            await self._wakeup.wait()
            moved, self._moved = self._moved, set()
            since, self._look_at_all_since = self._look_at_all_since, None
            try:
                await self._offer(moved, since=since)
                failures = 0
            except TRANSIENT as error:
                failures += 1
                log.warning("cannot read tasks, will try again", extra={"count": failures, "error": repr(error)})
                self._moved |= moved
                self._look_at_all_since = since
                self._wakeup.ring()
                await anyio.sleep(backoff(failures, first=0.1, most=2.0))
            await anyio.sleep(READ_EVERY_S)

    async def _offer(self, moved: set[UUID], *, since: datetime | None) -> None:
        if since is not None:
            moved = moved | await self._changed(since)
        for row, body in await self._rows(moved):
            for board in self._boards:
                board.offer(row, body)

    async def _changed(self, since: datetime) -> set[UUID]:
        return {row["id"] for row in await self._pool.fetch(CHANGED_TASKS, since, TASKS_A_CATCH_UP)}

    async def _rows(self, tasks: Iterable[UUID]) -> list[tuple[Row, str]]:
        wanted = list(tasks)
        rows: list[tuple[Row, str]] = []
        for start in range(0, len(wanted), TASKS_A_READ):
            part: list[Any] = await self._pool.fetch(
                SELECT_TASKS, wanted[start : start + TASKS_A_READ], None, WITHOUT_ATTEMPTS
            )
            rows += [(row, json.dumps(task_view(row), separators=(",", ":"))) for row in part]
        return rows
