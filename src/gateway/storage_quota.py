"""How many datasets, and bytes in them, a tenant may have.

Before an upload begins, what was measured lately decides, a second ago at most: so few send gigabytes in vain. When an
upload is recorded, all is measured once more, while nobody else records for that tenant: so the limit holds exactly,
however many uploads run at the same time.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

from common.database import TRANSIENT, Connection, Pool, Queryable
from common.queries import load_query
from gateway.limit_errors import StorageFullError

MEASURE_DATASETS: Final = load_query("gateway", "measure_datasets")

FRESH_S: Final = 1.0
MOST_TENANTS: Final = 20_000


@dataclass(frozen=True, slots=True)
class _Usage:
    datasets: int
    bytes: int
    most_datasets: int
    most_bytes: int
    until: float

    def changed(self, datasets: int, size: int) -> Self:
        """With some more, or fewer if negative."""
        return replace(self, datasets=self.datasets + datasets, bytes=self.bytes + size)


class Tally:
    """Counts what is added to what a tenant has; what there was is measured once, with the first of it.

    Args:
        measure: all that there is now.
        tenant: whose it is.
    """

    def __init__(self, measure: Callable[[], Awaitable[_Usage]], *, tenant: str) -> None:
        self.tenant = tenant
        self.usage: _Usage | None = None
        self._measure = measure

    async def add(self, sizes: Sequence[int]) -> None:
        """Datasets of these bytes were just written.

        Raises:
            StorageFullError: that is too much; then they must be undone, and taken away here.
        """
        usage = await self._measure() if self.usage is None else self.usage.changed(len(sizes), sum(sizes))
        self.usage = usage
        if usage.datasets > usage.most_datasets:
            raise _too_many(usage.most_datasets)
        if usage.bytes > usage.most_bytes:
            raise no_room(usage.most_bytes - usage.bytes + sum(sizes))

    def take_away(self, sizes: Sequence[int]) -> None:
        """These were undone."""
        if self.usage is not None:
            self.usage = self.usage.changed(-len(sizes), -sum(sizes))


class StorageQuota:
    """What tenants may still hand in.

    Args:
        pool: of the gateway's database role.
        most_datasets: of a tenant that has no number of its own.
        most_bytes: likewise.
    """

    def __init__(
        self, *, pool: Pool, most_datasets: int, most_bytes: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pool = pool
        self._most_datasets = most_datasets
        self._most_bytes = most_bytes
        self._clock = clock
        self._usages: dict[str, _Usage] = {}

    async def bytes_left(self, tenant: str) -> int:
        """How many bytes one more dataset may have; where Postgres is away the default, since nothing can be recorded.

        Raises:
            StorageFullError: the tenant may have no more.
        """
        try:
            usage = await self._usage(tenant)
        except TRANSIENT:
            return self._most_bytes
        if usage.datasets >= usage.most_datasets:
            raise _too_many(usage.most_datasets)
        if usage.bytes >= usage.most_bytes:
            raise full(usage.most_bytes)
        return usage.most_bytes - usage.bytes

    def tally(self, connection: Connection, tenant: str) -> "Tally":
        """What counts in a transaction that adds to what a tenant has, and in which nobody else can."""
        return Tally(lambda: self._measured(connection, tenant), tenant=tenant)

    def learn(self, tally: "Tally") -> None:
        """The transaction was committed: what it counted is what there is."""
        if tally.usage is not None:
            self._remember(tally.tenant, tally.usage)

    def forget(self, tenant: str) -> None:
        """One was removed: measure again."""
        self._usages.pop(tenant, None)

    async def _usage(self, tenant: str) -> _Usage:
        usage = self._usages.get(tenant)
        if usage is None or usage.until <= self._clock():
            usage = await self._measured(self._pool, tenant)
            self._remember(tenant, usage)
        return usage

    async def _measured(self, connection: Queryable, tenant: str) -> _Usage:
        row = await connection.fetchrow(MEASURE_DATASETS, tenant, self._most_datasets, self._most_bytes)
        assert row is not None  # the statement always gives one row
        return _Usage(**row, until=self._clock() + FRESH_S)

    def _remember(self, tenant: str, usage: _Usage) -> None:
        self._usages.pop(tenant, None)
        self._usages[tenant] = usage
        if len(self._usages) > MOST_TENANTS:
            del self._usages[next(iter(self._usages))]


def no_room(left: int) -> StorageFullError:
    """There is room, but not for all of these bytes."""
    return StorageFullError(f"You have room for {max(left, 0)} bytes.", advice="Remove datasets first.")


def _too_many(most_datasets: int) -> StorageFullError:
    return StorageFullError(f"You may have {most_datasets} datasets.", advice="Remove some that you no longer need.")


def full(most_bytes: int) -> StorageFullError:
    """There is no room for these bytes."""
    return StorageFullError(
        f"Your datasets may have {most_bytes} bytes together.", advice="Remove some that you no longer need."
    )
