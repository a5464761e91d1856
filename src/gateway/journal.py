"""The audit: who did what to which object, written in batches a moment after it was done.

An entry costs the request that it tells of nothing. What a gateway has not written yet when it is killed is lost, a
fifth of a second at most; when it is stopped in order it writes all. While Postgres is away entries wait, `MOST` of
them; nothing much is done then either. Entries beyond that are dropped, and counted in the log.

Whoever tries keys makes no entries without end: those who were refused are counted by whom they said they were and
where they came from, one entry a batch.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import anyio
import asyncpg
from anyio.abc import TaskStatus
from starlette.types import Scope

from common.database import TRANSIENT, Pool
from common.ids import uuid7
from common.lifecycle import Service, Wakeup
from common.queries import load_query
from common.tokens import Token
from gateway.caller import Caller

log = logging.getLogger(__name__)

RECORD_AUDIT: Final = load_query("gateway", "record_audit")

GATHER_S: Final = 0.2
MOST: Final = 20_000
A_BATCH: Final = 1_000
REFUSED: Final = "login.refused"
MOST_REFUSED: Final = 100  # of different ones in a batch


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that somebody did.

    Attributes:
        actor: id of their key.
        name: of their key.
        object: id of what it was done to.
        request: id of the request.
        address: where the request came from.
        detail: what else is worth knowing.
    """

    action: str
    tenant: str | None = None
    actor: str | None = None
    name: str | None = None
    object: str | None = None
    request: str | None = None
    address: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    id: UUID = field(default_factory=uuid7)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


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
        self._refused: dict[tuple[str | None, str | None], Entry] = {}
        self._wakeup = Wakeup()

    def note(self, entry: Entry) -> None:
        """Write an entry soon."""
        if len(self._pending) >= MOST:
            self.dropped += 1
            return
        self._pending.append(entry)
        self._wakeup.ring()

    def refused(self, scope: Scope, token: Token | None, known: Caller | None) -> None:
        """Somebody came with a key that lets nobody in."""
        said = None if token is None else token.id
        address = address_of(scope)
        before = self._refused.get((said, address))
        if before is not None:
            before.detail["times"] += 1
        elif len(self._refused) < MOST_REFUSED:
            self._refused[said, address] = _refusal(scope, said=said, known=known)
        else:
            self.dropped += 1
        self._wakeup.ring()

    async def run(self, *, ready: TaskStatus[None]) -> None:
        """Write until cancelled, and then what is still pending."""
        ready.started()
        try:
            while True:
                await self._wakeup.wait()
                await anyio.sleep(GATHER_S)
                await self.flush()
        finally:
            with anyio.move_on_after(1, shield=True):
                await self.flush()

    async def flush(self) -> int:
        """Write what is pending; returns how many entries that were."""
        self._pending += self._refused.values()
        self._refused.clear()
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
        detail={"times": 1},
    )


def _columns(entries: Sequence[Entry]) -> Sequence[Sequence[object]]:
    names = ("id", "at", "tenant", "actor", "name", "action", "object", "request", "address")
    plain = [[getattr(entry, name) for entry in entries] for name in names]
    return [*plain, [json.dumps(entry.detail) for entry in entries]]
