"""How much room tenants have left in the queue, without a count for each task.

A count gives the gateway a lease: an eighth of what is left, for some seconds. Tasks are taken out of it; the next
count comes when it is used up or old. So a tenant far from its limit costs a count in some seconds while it submits,
and one at its limit a count a second. That is exact up to what several gateways take from one count: past the limit by
an eighth of what was left for each gateway beyond the eighth, and by what was under way during the count.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import anyio

from common.database import Pool
from common.queries import load_query
from gateway.limit_errors import QueueFullError

COUNT_WAITING: Final = load_query("gateway", "count_waiting")

SHARE: Final = 8
LEASE_S: Final = 5.0
FULL_S: Final = 1.0
MOST_TENANTS: Final = 20_000


@dataclass(slots=True)
class _Lease:
    left: int = 0
    most: int = 0
    until: float = 0.0
    is_full: bool = False
    lock: anyio.Lock = field(default_factory=anyio.Lock)


class QueueRoom:
    """The room that tenants have for waiting tasks.

    Args:
        pool: of the gateway's database role.
        default: the most of a tenant that has no number of its own.
    """

    def __init__(self, *, pool: Pool, default: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.counts = 0
        self._pool = pool
        self._default = default
        self._clock = clock
        self._leases: dict[str, _Lease] = {}

    async def take(self, tenant: str, tasks: int) -> None:
        """Room for so many tasks.

        Raises:
            QueueFullError: there is not so much.
            One of `TRANSIENT`: Postgres is away.
        """
        lease = self._lease_of(tenant)
        if lease.left < tasks or self._clock() >= lease.until:
            async with lease.lock:
                await self._renew(tenant, lease, tasks)
        lease.left -= tasks

    def _lease_of(self, tenant: str) -> _Lease:
        lease = self._leases.get(tenant)
        if lease is None:
            while len(self._leases) >= MOST_TENANTS:
                del self._leases[next(iter(self._leases))]
            lease = self._leases[tenant] = _Lease()
        return lease

    async def _renew(self, tenant: str, lease: _Lease, tasks: int) -> None:
        now = self._clock()
        if now < lease.until and (lease.left >= tasks or lease.is_full):
            if lease.left >= tasks:
                return  # another request has renewed it
            raise _full(lease.most)
        self.counts += 1
        row = await self._pool.fetchrow(COUNT_WAITING, tenant, self._default)
        assert row is not None  # the statement always gives one row
        free = max(row["most"] - row["used"], 0)
        lease.most, lease.is_full = row["most"], free < tasks
        lease.left = free if lease.is_full else max(free // SHARE, tasks)
        lease.until = now + (FULL_S if lease.is_full else LEASE_S)
        if lease.is_full:
            raise _full(lease.most)


def _full(most: int) -> QueueFullError:
    return QueueFullError(
        f"You may have {most} tasks waiting.", advice="Wait until some have run, or cancel some.", retry_after_s=5
    )
