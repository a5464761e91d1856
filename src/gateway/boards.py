"""The streams of whole dashboards: the rows of all tasks that match a filter, whenever one of them moves.

    hints ─────► moved tasks ──► rows, encoded once ──► offered and pushed to each board
                      ▲
    look, now and then: tasks of which something was told since the last look, if their version is news

A board's cursor is a time, the database's: up to then it was given everything. Hints may be lost, so only a look moves
it. A look begins a margin before the one before, longer than a write takes to become visible.

A round of reading takes as long as it takes; the pause after it is several times as long, so that ten thousand tasks
that report ten times a second make dashboards slower, and nothing else.
"""

import json
import logging
import time
from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import anyio
import asyncpg
from anyio.abc import TaskStatus

from common.backoff import backoff
from common.database import BY_INDEX, TRANSIENT, Pool, fetch_in_time, fetch_planned
from common.lifecycle import Service, Wakeup
from common.queries import load_query
from gateway import wire
from gateway.board import Board, TaskRow
from gateway.task_view import Row, task_view
from gateway.tasks import FITTING_TASKS, MOST_PARAMS_BYTES, SELECT_TASKS, WITHOUT_ATTEMPTS

log = logging.getLogger(__name__)

CHANGED_TASKS: Final = load_query("gateway", "changed_tasks")
SELECT_TIME: Final = load_query("gateway", "select_time")

READ_EVERY_S: Final = 0.1
PAUSE_FACTOR: Final = 4
ROWS_A_READ: Final = 200  # encoding them takes some milliseconds, then others get their turn
TASKS_A_LOOK: Final = 20_000
LONGEST_PAUSE_S: Final = 2.0
MARGIN: Final = timedelta(seconds=10)
LONGEST_AWAY: Final = timedelta(hours=1)  # listing the tasks again is cheaper than finding what changed since


class Boards(Service):
    """All dashboards of this gateway: one read a batch of moved tasks for all of them, each row encoded once.

    Args:
        pool: of the gateway's database role.
        timeout_s: how long a read may take.
    """

    def __init__(self, *, pool: Pool, timeout_s: float) -> None:
        super().__init__()
        self._pool = pool
        self._timeout_s = timeout_s
        self._boards: set[Board] = set()
        self._moved: set[UUID] = set()
        self._told: dict[UUID, tuple[int, int]] = {}
        self._seen: datetime | None = None
        self._must_look = False
        self._wakeup = Wakeup()

    def __len__(self) -> int:
        return len(self._boards)

    def hear(self, tasks: set[UUID]) -> None:
        """These tasks moved."""
        if self._boards:
            self._moved |= tasks
            self._wakeup.ring()

    def catch_up(self) -> None:
        """Hints may have been lost: look what changed since the last look."""
        if self._boards:
            self._must_look = True
            self._wakeup.ring()

    def cursor(self) -> str:
        """Where a stream that has all rows so far can go on."""
        assert self._seen is not None  # no board before that
        return (self._seen - MARGIN).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def add(self, board: Board) -> None:
        """Offer every row from now on to this board."""
        self._boards.add(board)

    def remove(self, board: Board) -> None:
        """Offer it nothing more."""
        self._boards.discard(board)
        if not self._boards:
            self._seen = None
            self._told.clear()

    async def fill(self, board: Board, *, since: datetime | None) -> None:
        """Offer a board what changed since it was there last, or just now.

        Raises:
            One of `TRANSIENT`: Postgres is away.
        """
        now = await self._time()
        if self._seen is None:
            self._seen = now
        if since is not None and not now - LONGEST_AWAY <= since <= now:
            board.lack()
            since = None
        changed = await self._changed(since or now - MARGIN)
        if len(changed) == TASKS_A_LOOK:
            board.lack()
        async for row in self._rows([row["id"] for row in changed]):
            board.offer(row, was_away=since is not None)
        board.tell_cursor()

    async def run(self, *, ready: TaskStatus[None]) -> None:
        """Read what moved and offer it, until cancelled."""
        ready.started()
        failures = 0
        while True:
            await self._wakeup.wait()
            began = time.monotonic()
            try:
                await self.run_once()
                failures = 0
            except Exception as error:  # noqa: BLE001 - one bad round must not end all streams; the next tries again
                failures += 1
                known = isinstance(error, TRANSIENT)
                extra = {"count": failures, "error": repr(error)}
                log.log(logging.WARNING if known else logging.ERROR, "cannot read tasks, will try again", extra=extra)
                self._must_look = True
                self._wakeup.ring()
                await anyio.sleep(backoff(failures, first=0.1, most=2.0))
            took = time.monotonic() - began
            await anyio.sleep(min(max(READ_EVERY_S, PAUSE_FACTOR * took), LONGEST_PAUSE_S))

    async def run_once(self) -> int:
        """Read and offer what moved; returns how many rows that were.

        Raises:
            One of `TRANSIENT`: Postgres is away; what it did not offer the next look finds.
        """
        moved, self._moved = self._moved, set()
        must_look, self._must_look = self._must_look, False
        if not self._boards:
            return 0
        now: datetime | None = await self._time() if must_look else None
        if now is not None:
            moved |= await self._look(now)
        offered = 0
        async for row in self._rows(moved):
            offered += 1
            self._told[row.id] = row.news
            for board in self._boards:
                board.offer(row)
        if now is not None:
            self._seen = now
        for board in list(self._boards):
            board.push()
        return offered

    async def _look(self, now: datetime) -> set[UUID]:
        """The tasks that changed since the last look and were not told of yet."""
        changed = await self._changed((self._seen or now) - MARGIN)
        if len(changed) == TASKS_A_LOOK:
            for board in self._boards:
                board.lack()
        news = {row["id"]: (row["version"], row["rev"]) for row in changed}
        self._told = {task: told for task, told in self._told.items() if task in news}
        return {task for task, each in news.items() if self._told.get(task) != each}

    async def _changed(self, since: datetime) -> list[asyncpg.Record]:
        asked = (since, TASKS_A_LOOK)
        return await fetch_planned(self._pool, BY_INDEX, CHANGED_TASKS, *asked, timeout_s=self._timeout_s)

    async def _time(self) -> datetime:
        now: datetime = (await self._fetch(SELECT_TIME))[0][0]
        return now

    async def _fetch(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        return await fetch_in_time(self._pool, statement, *arguments, timeout_s=self._timeout_s)

    async def _rows(self, tasks: Collection[UUID]) -> AsyncIterator[TaskRow]:
        wanted = sorted(tasks, reverse=True)
        while wanted:
            part = wanted[:ROWS_A_READ]
            ((fitting, _),) = await self._fetch(FITTING_TASKS, part, MOST_PARAMS_BYTES)
            for row in await self._fetch(SELECT_TASKS, fitting or (), None, WITHOUT_ATTEMPTS):
                if (encoded := _encoded(row)) is not None:
                    yield encoded
            done = fitting[-1] if fitting else part[-1]  # without any: they are gone
            wanted = [task for task in wanted if task < done]
            await anyio.lowlevel.checkpoint()


def _encoded(row: Row) -> TaskRow | None:
    """A row for dashboards; None if it cannot be shown, which must not keep the others from being."""
    try:
        inputs = json.loads(row["inputs"] or "{}").values()
        body = json.dumps(task_view(row), separators=(",", ":"))
    except (TypeError, ValueError, KeyError):
        log.exception("a task cannot be shown", extra={"task": str(row["id"])})
        return None
    return TaskRow(
        id=row["id"],
        tenant=row["tenant"],
        kind=row["kind"],
        state=row["state"],
        tags=frozenset(row["tags"]),
        datasets=frozenset(given["id"] for given in inputs),
        words="\n".join((row["kind"], *row["tags"], *(given["name"] or "" for given in inputs))).lower(),
        news=(row["version"], row["progress_rev"] or 0),
        data=wire.task_row(body),
    )
