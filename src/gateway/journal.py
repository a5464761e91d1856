"""The audit: who did what to which object, written in batches a moment after it was done.

An entry costs the request that it tells of nothing. What a gateway has not written yet when it is killed is lost, a
fifth of a second at most; when it is stopped in order it writes all. While Postgres is away entries wait, `MOST` of
them; nothing much is done then either. Entries beyond that are dropped, and counted in the log.

Whoever tries keys makes no entries without end: those who were refused are counted (gateway.refusals).
"""

import json
import logging
import time
from collections.abc import Sequence
from typing import Final

import anyio
import asyncpg
from anyio.abc import TaskStatus
from starlette.types import Scope

from common.database import TRANSIENT, Pool
from common.lifecycle import Service, Wakeup
from common.queries import load_query
from common.tokens import Token
from gateway.audit_entry import Entry
from gateway.caller import Caller
from gateway.refusals import WINDOW_S, Refusals

log = logging.getLogger(__name__)

RECORD_AUDIT: Final = load_query("gateway", "record_audit")

GATHER_S: Final = 0.2
MOST: Final = 20_000
A_BATCH: Final = 1_000
REFUSED: Final = "login.refused"


class Journal(Service):
    """Writes entries.

    Args:
        pool: of the gateway's database role.
    """

    def __init__(self, *, pool: Pool) -> None:
        super().__init__()
        self.dropped = 0
        self._pool = pool
        self._pending: list[Entry] = []
        self._refusals = Refusals()
        self._wakeup = Wakeup()
        self._writing = anyio.Lock()  # or two would write the same

    def note(self, entry: Entry) -> None:
        """Write an entry soon."""
        if len(self._pending) >= MOST:
            self.dropped += 1
            return
        self._pending.append(entry)
        self._wakeup.ring()

    def refused(self, scope: Scope, token: Token | None, known: Caller | None) -> None:
        """Somebody came with a key that lets nobody in.

        Args:
            scope: of their request.
            token: what they sent, if its id stands for something.
            known: whose it is, if it was theirs.
        """
        self._refusals.add(_refusal(scope, said=None if token is None else token.id, known=known))
        self._wakeup.ring()

    async def run(self, *, ready: TaskStatus[None]) -> None:
        """Write until cancelled, and then what is still pending."""
        ready.started()
        try:
            while True:
                await self._wakeup.wait(at_most=None if self._refusals.is_empty else WINDOW_S)
                await anyio.sleep(GATHER_S)
                self._pending += self._refusals.due(time.monotonic())
                await self._write()
        finally:
            with anyio.move_on_after(1, shield=True):
                await self.flush()

    async def flush(self) -> int:
        """Write all that is pending; returns how many entries that were."""
        self._pending += self._refusals.rest()
        return await self._write()

    async def _write(self) -> int:
        async with self._writing:
            written = 0
            while self._pending:
                batch = self._pending[:A_BATCH]
                try:
                    await self._pool.execute(RECORD_AUDIT, *_columns(batch))
                except (*TRANSIENT, asyncpg.PostgresError) as error:
                    log.warning("cannot write the audit, will try again", extra={"error": repr(error)})
                    self._wakeup.ring()
                    break
                written += len(batch)
                del self._pending[: len(batch)]
        if self.dropped:
            log.error("entries of the audit were dropped", extra={"count": self.dropped})
            self.dropped = 0
        return written


def address_of(scope: Scope) -> str | None:
    """Where a request came from."""
    client = scope.get("client")
    return None if client is None else str(client[0])


def _refusal(scope: Scope, *, said: str | None, known: Caller | None) -> Entry:
    return Entry(
        action=REFUSED,
        tenant=None if known is None else known.tenant,
        actor=None if known is None else known.key,
        name=None if known is None else known.name,
        object=said,
        request=scope.get("state", {}).get("request_id"),
        address=address_of(scope),
    )


def _columns(entries: Sequence[Entry]) -> Sequence[Sequence[object]]:
    names = ("id", "at", "tenant", "actor", "name", "action", "object", "request", "address")
    plain = [[getattr(entry, name) for entry in entries] for name in names]
    return [*plain, [json.dumps(entry.detail) for entry in entries]]
