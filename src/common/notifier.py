"""Sends hints that something moved, after the commit that moved it, outside of it.

A transaction that notifies holds a lock on the whole cluster until its commit is flushed; one that only notifies has
nothing but its commit record, for which Postgres does not wait. So writers commit first and tell the notifier, which
sends one statement for all that gathered: the first hint at once (leading edge), then at most one statement each
`COALESCE_S` while there is more. A hint that is lost costs its listener a backstop poll, never data; so a failed send
is counted and dropped.
"""

import logging
from collections.abc import Iterable, Iterator
from uuid import UUID

import anyio
import asyncpg
from anyio.abc import TaskStatus

from common.database import TRANSIENT, Pool
from common.lifecycle import Service, Wakeup
from common.queries import load_query
from common.words import Channel

log = logging.getLogger(__name__)

NOTIFY_CHANNELS = load_query("common", "notify_channels")
COALESCE_S = 0.015
PAYLOAD_BYTES = 7_900  # Postgres refuses 8,000


class Notifier(Service):
    """Gathers hints and sends them together.

    Args:
        pool: what they are sent over; a pooler in between is no harm.
        is_silent: send none, because nobody listens: everybody polls.
    """

    def __init__(self, *, pool: Pool, is_silent: bool = False) -> None:
        super().__init__()
        self._pool = pool
        self._is_silent = is_silent
        self._pending: dict[Channel, set[str]] = {}
        self._wakeup = Wakeup()
        self.dropped = 0

    def feed_moved(self, tasks: Iterable[UUID]) -> None:
        """The feeds or the progress of these tasks moved."""
        self._add(Channel.FEED, (str(task) for task in tasks))

    def work_arrived(self, kinds: Iterable[str]) -> None:
        """There may be claimable tasks of these kinds."""
        self._add(Channel.WORK, kinds)

    def cancel_asked(self, tasks: Iterable[UUID]) -> None:
        """Somebody asked to cancel these running tasks."""
        self._add(Channel.CONTROL, (str(task) for task in tasks))

    def keys_changed(self, ids: Iterable[str]) -> None:
        """These keys were revoked, or these sessions have ended."""
        self._add(Channel.KEYS, ids)

    def _add(self, channel: Channel, words: Iterable[str]) -> None:
        gathered = set(words)
        if gathered and not self._is_silent:
            self._pending.setdefault(channel, set()).update(gathered)
            self._wakeup.ring()

    async def run(self, *, ready: TaskStatus[None]) -> None:
        """Send until cancelled, and then what is still pending: a stopping service leaves no one waiting."""
        ready.started()
        try:
            while True:
                await self._wakeup.wait()
                await self.flush()
                await anyio.sleep(COALESCE_S)
        finally:
            with anyio.move_on_after(1, shield=True):
                await self.flush()

    async def flush(self) -> int:
        """Send what is pending; returns how many notifications that took."""
        pending, self._pending = self._pending, {}
        hints = [(channel.value, payload) for channel, words in pending.items() for payload in payloads(words)]
        if not hints:
            return 0
        try:
            await self._pool.execute(
                NOTIFY_CHANNELS, [channel for channel, _ in hints], [payload for _, payload in hints]
            )
        except (*TRANSIENT, asyncpg.PostgresError) as error:  # whatever Postgres says of a hint: nobody needs it
            self.dropped += len(hints)
            log.warning(
                "hints dropped, backstop polls will find them", extra={"count": len(hints), "error": repr(error)}
            )
        except BaseException:  # told to end meanwhile: perhaps they were not sent, and once more does no harm
            for channel, words in pending.items():
                self._add(channel, words)
            raise
        return len(hints)


def payloads(words: Iterable[str]) -> Iterator[str]:
    """The words joined by commas, in as many payloads as Postgres' limit on their size makes necessary."""
    chunk: list[str] = []
    size = 0
    for word in words:
        length = len(word.encode()) + 1
        if chunk and size + length > PAYLOAD_BYTES:
            yield ",".join(chunk)
            chunk, size = [], 0
        chunk.append(word)
        size += length
    if chunk:
        yield ",".join(chunk)
