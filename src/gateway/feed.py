"""One watched task in a gateway's memory: the end of its story, its present progress, and who watches.

The feed is read from the database once for all its watchers. It keeps the last events, bounded in number and bytes;
each watcher has a cursor into them. So a slow watcher costs a cursor, not a queue, and one that is further behind than
the feed reaches goes back to the database by itself.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol
from uuid import UUID

from common.words import FINAL_STATES, TaskState
from gateway.wire import Event, Form, Progress, chunk_of

MOST_EVENTS: Final = 1_000
CHUNK_BYTES: Final = 64 << 10


class Subscriber(Protocol):
    """Who is told when a feed moved; it must neither wait nor raise."""

    def push(self) -> None:
        """The feed moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where the feed's task stood when it was last read.

    Attributes:
        version: grows with every change of the task that a caller can see.
    """

    tenant: str
    state: str
    version: int
    lease: int
    last_seq: int


class Chunk(NamedTuple):
    """The next bytes for a watcher, and where they bring it: the last event, the rev of the progress."""

    data: bytes
    seq: int
    rev: int


class Feed:
    """The feed of one task.

    Attributes:
        standing: None until it was first read, or if there is no such task (any more).
        seq: the last event that was read; 0 before the first.
        rev: of the newest progress that was read; it never goes back.
        progress: the present one; None where the attempt that runs has told none, or none runs.
        subscribers: who is told when it moves.
        users: how many answers need it.
        unused_since: since when there are none, in seconds of the monotonic clock.
    """

    __slots__ = (
        "_bytes",
        "_events",
        "_memo",
        "is_read",
        "progress",
        "rev",
        "seq",
        "standing",
        "subscribers",
        "task",
        "unused_since",
        "users",
    )

    def __init__(self, task: UUID) -> None:
        self.task = task
        self.standing: Standing | None = None
        self.is_read = False
        self.seq = 0
        self.rev = 0
        self.progress: Progress | None = None
        self.subscribers: set[Subscriber] = set()
        self.users = 0
        self.unused_since = 0.0
        self._events: deque[Event] = deque()
        self._bytes = 0
        self._memo: dict[Form, tuple[int, int, Chunk | None]] = {}

    @property
    def first_seq(self) -> int:
        """The oldest event that is kept; one past the last if none is."""
        return self._events[0].seq if self._events else self.seq + 1

    @property
    def is_behind(self) -> bool:
        """Whether its task has events that were not read."""
        return self.standing is not None and self.standing.last_seq > self.seq

    @property
    def has_ended(self) -> bool:
        """Whether the story is over, as far as it was read. That of a task that is gone is."""
        if self.standing is None:
            return self.is_read
        if self.is_behind:
            return False
        return self._events[-1].is_final if self._events else self.standing.state in FINAL_STATES

    def stand(self, standing: Standing | None) -> bool:
        """Take where the task stands now; whether that is news."""
        before, self.standing = self.standing, standing
        if self.progress is not None and _is_over(before, standing):
            self.progress = None
            self._memo.clear()
        return before != standing

    def take_progress(self, progress: Progress) -> None:
        """Take a newer progress."""
        self.rev = progress.rev
        self.progress = progress
        self._memo.clear()

    def add(self, event: Event) -> None:
        """Take the next event; one that is known is passed over.

        An event that does not follow the last one means that those between are not here: what is kept begins anew.
        """
        if event.seq <= self.seq:
            return
        if event.seq != self.seq + 1:
            self._forget_events()
        self._events.append(event)
        self._bytes += event.cost
        self.seq = event.seq
        self._memo.clear()

    def skip_to(self, seq: int) -> None:
        """The events up to this one are not here."""
        self._forget_events()
        self.seq = max(self.seq, seq)

    def trim(self, *, most_bytes: int) -> None:
        """Let go of the oldest events if there are too many; the last one stays."""
        while len(self._events) > 1 and (len(self._events) > MOST_EVENTS or self._bytes > most_bytes):
            self._bytes -= self._events.popleft().cost

    def reaches_back_to(self, seq: int) -> bool:
        """Whether the events after this cursor are all here."""
        return seq + 1 >= self.first_seq

    def after(self, seq: int) -> Iterator[Event]:
        """The events after a cursor that it reaches back to."""
        # By index, which a deque finds fast near its ends: most watchers lack only the last.
        return (self._events[i] for i in range(max(seq + 1 - self.first_seq, 0), len(self._events)))

    def next_chunk(self, seq: int, rev: int, *, form: Form) -> Chunk | None:
        """The next bytes for a watcher at this cursor, or None: events up to a size, the progress after the last.

        Watchers that are up to date stand at the same cursor, so each form is put together once for all of them.
        """
        if seq >= self.seq and (self.progress is None or self.progress.rev <= rev):
            return None
        known = self._memo.get(form)
        if known is None or known[:2] != (seq, rev):
            known = self._memo[form] = (seq, rev, self._make_chunk(seq, rev, form=form))
        return known[2]

    def _make_chunk(self, seq: int, rev: int, *, form: Form) -> Chunk | None:
        data, last = chunk_of(self.after(seq), form=form, most_bytes=CHUNK_BYTES)
        seq = max(seq, last)
        progress = self.progress
        if progress is not None and progress.rev > rev and seq >= self.seq and not self.has_ended:
            data += progress.encoded(form)
            rev = progress.rev
        return Chunk(data, seq, rev) if data else None

    def _forget_events(self) -> None:
        self._events.clear()
        self._bytes = 0
        self._memo.clear()


def _is_over(before: Standing | None, now: Standing | None) -> bool:
    """Whether the attempt that told the progress has ended."""
    return now is None or now.state != TaskState.RUNNING or (before is not None and before.lease != now.lease)
