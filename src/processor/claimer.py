"""Claims tasks for the free slots and runs them.

It looks when a hint says there is work, when a slot frees up, and once a second: for tasks whose time has come and
for lost hints. It claims no more than it has places for, so that nothing waits here that another processor could run.

While there is more in the queue than it can take, it lets half of its places become free, or some milliseconds pass,
and claims for all of them: a claim of one costs nearly as much as one of twenty.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import anyio
import asyncpg
from anyio.abc import TaskGroup, TaskStatus

from common.database import Pool
from common.lifecycle import Periodic
from common.notifier import Notifier
from common.queries import load_query
from processor.attempt import Attempt, Workshop
from processor.caps import Caps
from processor.claim import Claim, Ended, Ending
from processor.identity import Identity
from processor.machine import PAUSE_AT_MOST_S, Machine
from processor.settlement import RetryPolicy, settle
from processor.settler import Settler
from processor.slots import Slots

log = logging.getLogger(__name__)

GATHER_S = 0.008

CLAIM_TASKS = load_query("processor", "claim_tasks")
LOCK_CLAIMS = load_query("processor", "lock_claims")


class Claimer(Periodic):
    """Keeps the slots busy.

    Args:
        identity: who claims, which kinds, and the version of each that its children run.

    Attributes:
        claimed: tasks claimed so far.
        ended: attempts that ended so far, by kind and outcome.
    """

    def __init__(
        self,
        *,
        identity: Identity,
        pool: Pool,
        notifier: Notifier,
        slots: Slots,
        caps: Caps,
        settler: Settler,
        workshop: Workshop,
    ) -> None:
        super().__init__(interval=workshop.settings.poll_s, wakeup=slots.freed)
        self.claimed = 0
        self.ended: Counter[tuple[str, str]] = Counter()
        self._identity = identity
        self._pool = pool
        self._notifier = notifier
        self._slots = slots
        self._caps = caps
        self._settler = settler
        self._shop = workshop
        self._policy = RetryPolicy.from_settings(workshop.settings)
        self._machine = Machine(first_s=self._policy.first_s, most_s=min(self._policy.most_s, PAUSE_AT_MOST_S))
        self._stopping = False
        self._has_more = False  # the last claim got all that it asked for
        self._looking = anyio.Lock()
        self._idle = anyio.Event()
        self._idle.set()  # nobody waits for it
        self._attempts: TaskGroup | None = None

    async def run(self, *, ready: TaskStatus[None]) -> None:
        """Claim and run until cancelled."""
        async with anyio.create_task_group() as group:
            self._attempts = group
            await super().run(ready=ready)

    async def stop_claiming(self) -> None:
        """Take no more; what runs goes on. A claim that is under way is waited for: what it brings must not be lost."""
        self._stopping = True
        async with self._looking:
            pass

    async def run_once(self) -> int:
        """Claim for the free slots and start what was claimed; returns how many that were."""
        if self._has_more:
            with anyio.move_on_after(GATHER_S):
                while not self._slots.many_are_free():
                    await self._slots.many_freed.wait()
        async with self._looking:
            return await self._look()

    async def _look(self) -> int:
        idle = self._idle
        free = 0 if self._stopping else self._machine.places(self._slots.free)
        if free <= 0 or self._attempts is None:
            return 0
        nothing_runs = not self._slots.holds()
        claims = [Claim.from_row(row) for row in await self._claim(free)]
        for claim in claims:
            self._shop.feed.open(claim)
            attempt = Attempt(claim, workshop=self._shop)
            self._slots.take(attempt)
            self._attempts.start_soon(self._run, attempt)
        self.claimed += len(claims)
        self._has_more = len(claims) == free
        self._notifier.feed_moved(claim.task for claim in claims)
        if not claims and nothing_runs:
            idle.set()
        return len(claims)

    async def idle(self) -> None:
        """Wait until a look that begins after this call finds nothing to claim while nothing runs here."""
        self._idle = anyio.Event()
        self.wakeup.ring()
        await self._idle.wait()

    async def _claim(self, places: int) -> Sequence[asyncpg.Record]:
        """Claim by one statement; where running tasks are capped, one processor after the other."""
        who, kinds, versions = self._identity, list(self._identity.kinds), list(self._identity.kinds.values())
        asked = (who.id, who.name, places, kinds, self._shop.settings.lease_s, None, versions)
        rows: Sequence[asyncpg.Record]
        if not self._caps.in_force:
            rows = await self._pool.fetch(CLAIM_TASKS, *asked)
            return rows
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(LOCK_CLAIMS)
            rows = await connection.fetch(CLAIM_TASKS, *asked)
            return rows

    async def _run(self, attempt: Attempt) -> None:
        claim = attempt.claim
        keys = {"task": claim.task, "attempt": claim.attempt, "kind": claim.kind}
        log.info("attempt started", extra=keys)
        try:
            ended = await attempt.run()
            self._slots.vacate(attempt)
            self._machine.hear(ended.report)
            settlement = settle(ended, policy=self._policy, machine_in_doubt=self._machine.is_in_doubt)
            if settlement is not None and not await self._shop.feed.drained(claim):
                refused = replace(ended, report=Ended(reason=Ending.EVENT_REFUSED))
                settlement = settle(refused, policy=self._policy)
            written = settlement is not None and await self._settler.settle(
                ended, settlement, progress=await self._shop.feed.last_progress(claim)
            )
            outcome = settlement.outcome.value if settlement is not None and written else "lease lost"
            self.ended[claim.kind, outcome.replace(" ", "_")] += 1
            log.info("attempt ended", extra={**keys, "outcome": outcome})
        finally:
            self._shop.feed.close(claim)
            self._slots.leave(attempt)
            if not self._idle.is_set():
                self.wakeup.ring()
