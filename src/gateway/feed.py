"""One watched task in a gateway's memory: the end of its story, its present progress, and who watches.

The feed is read from the database once for all its watchers. It keeps the last events, bounded in number and bytes;
each watcher has a cursor into them. So a slow watcher costs a cursor, not a queue, and one that is further behind than
the feed reaches goes back to the database by itself.
"""

from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final
from uuid import UUID

from common.words import FINAL_STATES
from gateway.wire import Event, Progress

if TYPE_CHECKING:
    from gateway.watcher import Watcher

MOST_EVENTS: Final = 1_000
MOST_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where the feed's task stood when it was last read."""

    tenant: str
    state: str
    last_seq: int


class Feed:
    """The feed of one task.

    Attributes:
        standing: None until it was first read, or if there is no such task.
        seq: the last event that was read; 0 before the first.
        progress: the latest that was read; None before the first, and after the end.
        watchers: who is up to date and waits for more.
    """

    __slots__ = (
        "_bytes",
        "_events",
        "is_read",
        "progress",
        "rev",
        "seq",
        "standing",
        "task",
        "unused_since",
        "users",
        "watchers",
    )

    def __init__(self, task: UUID) -> None:
        self.task = task
        self.standing: Standing | None = None
        self.is_read = False
        self.seq = 0
        self.rev = 0
        self.progress: Progress | None = None
        self.watchers: set[Watcher] = set()
        self.users = 0
        self.unused_since = 0.0
        self._events: deque[Event] = deque()
        self._bytes = 0

    @property
    def first_seq(self) -> int:
        """The oldest event that is kept; one past the last if none is."""
        return self._events[0].seq if self._events else self.seq + 1

    @property
    def has_ended(self) -> bool:
        """Whether the story is over, as far as it was read: its last event is final."""
        if self._events:
            return self._events[-1].is_final
        return self.standing is not None and self.standing.state in FINAL_STATES

    def add(self, event: Event) -> None:
        """Take the next event, and let go of the oldest if there are too many.

        An event that does not follow the last one means that retention removed those between: what is kept begins anew.
        """
        if event.seq != self.seq + 1:
            self._events.clear()
            self._bytes = 0
        self._events.append(event)
        self._bytes += len(event.body)
        self.seq = event.seq
        while len(self._events) > 1 and (len(self._events) > MOST_EVENTS or self._bytes > MOST_BYTES):
            self._bytes -= len(self._events.popleft().body)

    def skip_to(self, seq: int) -> None:
        """The events up to this one are no longer kept anywhere."""
        self._events.clear()
        self._bytes = 0
        self.seq = seq

    def reaches_back_to(self, seq: int) -> bool:
        """Whether the events after this cursor are all here."""
        return seq + 1 >= self.first_seq

    def after(self, seq: int) -> list[Event]:
        """The events after a cursor that it reaches back to."""
        return list(islice(self._events, max(seq + 1 - self.first_seq, 0), None))
