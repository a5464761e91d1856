"""Says that this processor lives and renews the leases of all that runs in it.

The supervisor does it, never a child: a child is busy in native code for minutes, the supervisor with nothing. The
answer carries what else there is to know about the tasks: which leases are lost, and which tasks somebody wants
cancelled (the hint for that may have been lost).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import anyio
import asyncpg

from common.database import TRANSIENT, Pool
from common.lifecycle import Periodic
from common.notifier import Notifier
from common.queries import load_query
from common.words import TaskState
from processor.caps import Caps
from processor.claim import Ending, Hold
from processor.identity import Identity
from processor.settings import ProcessorSettings
from processor.slots import Slots

log = logging.getLogger(__name__)

BEAT_PROCESSOR = load_query("processor", "beat_processor")
REMOVE_PROCESSOR = load_query("processor", "remove_processor")
RELEASE_ORPHANS = load_query("processor", "release_orphans")
RENEW_LEASES = load_query("processor", "renew_leases")
REMOVE_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """What one heartbeat found."""

    renewed: int
    lost: int
    cancelled: int
    orphans: int


class Heartbeater(Periodic):
    """One statement for the processor, one for all its leases."""

    def __init__(
        self,
        *,
        identity: Identity,
        pool: Pool,
        notifier: Notifier,
        slots: Slots,
        caps: Caps,
        settings: ProcessorSettings,
    ) -> None:
        super().__init__(interval=settings.heartbeat_s)
        self.stopping = False
        self._identity = identity
        self._pool = pool
        self._notifier = notifier
        self._slots = slots
        self._caps = caps
        self._settings = settings

    async def run_once(self) -> Beat:
        """Beat once: the leases first, since they are what cannot wait.

        Raises:
            TimeoutError: the connection is dead without an error. So may be the others, for which the next beat has no
                time; all are made anew.
        """
        try:
            with anyio.fail_after(self._settings.lease_s / 3):
                return await self._beat()
        except TimeoutError:
            await self._pool.expire_connections()
            raise

    async def _beat(self) -> Beat:
        renewed, lost, cancelled = await self._renew_leases()
        orphans = await self._release_orphans()
        await self.beat_processor()
        await self._caps.refresh()
        return Beat(renewed=renewed, lost=lost, cancelled=cancelled, orphans=orphans)

    async def _renew_leases(self) -> tuple[int, int, int]:
        """Renew what runs here; how many leases were renewed, how many are lost, how many tasks are to be cancelled."""
        holds = self._slots.holds()
        rows: Sequence[asyncpg.Record] = []
        if holds:
            columns = ([hold.task for hold in holds], [hold.lease for hold in holds])
            rows = await self._pool.fetch(RENEW_LEASES, *columns, self._settings.lease_s, None)
        held = {Hold(row["id"], row["lease"]) for row in rows}
        lost = [hold for hold in holds if hold not in held and self._slots.end(hold, Ending.LEASE_LOST)]
        for hold in lost:
            log.warning("lease lost", extra={"task": hold.task, "lease": hold.lease})
        cancelled = [Hold(row["id"], row["lease"]) for row in rows if row["cancel_requested"]]
        for hold in cancelled:
            self._slots.end(hold, Ending.CANCELLED)
        return len(held), len(lost), len(cancelled)

    async def _release_orphans(self) -> int:
        """Hand back what was claimed for this processor without its knowing."""
        tasks = [hold.task for hold in self._slots.holds()]
        rows = await self._pool.fetch(RELEASE_ORPHANS, self._identity.id, tasks, 2 * self._settings.heartbeat_s)
        if rows:
            log.warning("tasks handed back whose claim was never heard of", extra={"count": len(rows)})
            self._notifier.feed_moved(row["id"] for row in rows)
            self._notifier.work_arrived(row["kind"] for row in rows if row["state"] == TaskState.QUEUED)
        return len(rows)

    async def beat_processor(self) -> None:
        """Tell the gateways that this processor is there, and whether it is about to stop."""
        me = self._identity
        await self._pool.execute(
            BEAT_PROCESSOR,
            me.id,
            me.name,
            me.version,
            self._slots.places,
            list(me.kinds),
            list(me.confinement),
            self.stopping,
        )

    async def remove_processor(self) -> None:
        """Tell the gateways that this processor is gone; if that cannot be told, they miss its heartbeats."""
        try:
            with anyio.fail_after(REMOVE_S):
                await self._pool.execute(REMOVE_PROCESSOR, self._identity.id)
        except TRANSIENT as error:
            log.warning("cannot say that this processor is gone", extra={"error": repr(error)})
