"""One client that watches the rows of all tasks that match a filter.

Rows are state, not story: a row that comes twice is harmless, and of several changes the latest is enough. So a board
keeps at most one row a task for a client that is slow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from gateway import wire
from gateway.outlet import CHUNK_BYTES, Line, Outlet
from gateway.task_filter import TaskFilter
from gateway.wire import Form


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """A task as dashboards are told of it, encoded once for all of them.

    Attributes:
        words: where a text is looked for: its kind, tags and the names of its input files, in lower case.
        news: its version and the rev of its progress.
    """

    id: UUID
    tenant: str
    kind: str
    state: str
    tags: frozenset[str]
    datasets: frozenset[str]
    words: str
    news: tuple[int, int]
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which tasks a board shows: those of a tenant that the lists would show, too."""

    tenant: str
    wanted: TaskFilter

    def may_ever_match(self, row: TaskRow) -> bool:
        """Whether it can show this task in some state; nothing else of a task that is asked for changes."""
        wanted = self.wanted
        return (
            row.tenant == self.tenant
            and wanted.since <= row.id < wanted.until
            and wanted.kind in {None, row.kind}
            and (wanted.dataset is None or str(wanted.dataset) in row.datasets)
            and (wanted.tag is None or wanted.tag in row.tags)
            and (wanted.text is None or wanted.text.lower() in row.words)
        )

    def matches(self, row: TaskRow) -> bool:
        """Whether it shows this task as it is now."""
        return self.may_ever_match(row) and self.wanted.state in {None, row.state}


class Board(Outlet):
    """A client's place in the stream of rows.

    Args:
        cursor: where a stream that has all rows so far can go on.
    """

    __slots__ = ("_cursor", "_is_incomplete", "_owes_cursor", "_pending", "_shown", "_shows")

    def __init__(self, line: Line, *, shows: Filter, cursor: Callable[[], str], leaves_at: float) -> None:
        super().__init__(line, leaves_at=leaves_at)
        self._shows = shows
        self._cursor = cursor
        self._shown: set[UUID] = set()
        self._pending: dict[UUID, bytes] = {}
        self._is_incomplete = False
        self._owes_cursor = False
        self._owed = wire.first_words(retry_ms=line.retry_ms, form=Form.SSE)

    def offer(self, row: TaskRow, *, was_away: bool = False) -> None:
        """Take a row that it shows, or showed before: whoever watches must see a task leave the filter too.

        After it `was_away` nobody knows what it showed before, so it is told of every task that it could have shown.
        """
        if self._shows.matches(row):
            self._shown.add(row.id)
        elif not (row.id in self._shown or (was_away and self._shows.may_ever_match(row))):
            return
        self._pending[row.id] = row.data

    def lack(self) -> None:
        """More has changed than can be told: the client must list the tasks again."""
        self._is_incomplete = True

    def tell_cursor(self) -> None:
        """Tell the client where it can go on, also if there is no row for it."""
        self._owes_cursor = True

    def _next_bytes(self) -> bytes | None:
        if self._is_incomplete:
            self._is_incomplete = False
            return wire.reset_of_rows(cursor=self._cursor())
        rows: list[bytes] = []
        size = 0
        while self._pending and size < CHUNK_BYTES:
            task = next(iter(self._pending))
            rows.append(self._pending.pop(task))
            size += len(rows[-1])
        if not rows and not self._owes_cursor:
            return None
        if self._pending:
            return wire.task_rows(rows, cursor=None)
        self._owes_cursor = False
        return wire.task_rows(rows, cursor=self._cursor())

    def _last_words(self) -> bytes | None:
        return None

    def _heartbeat(self) -> bytes:
        return wire.heartbeat(form=Form.SSE)

    def _goodbye(self, retry_ms: int) -> bytes:
        return wire.farewell(retry_ms=retry_ms, form=Form.SSE)
