"""How many datasets, and bytes in them, a tenant may have.

What there is is measured once a second at most, and what is handed in here meanwhile is added. An upload may be as
large as what was left when it began; so uploads that run at the same time can pass the limit together, by the bytes of
those that began before the others ended.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from common.database import TRANSIENT, Pool
from common.queries import load_query
from gateway.errors import StorageFullError

MEASURE_DATASETS: Final = load_query("gateway", "measure_datasets")

FRESH_S: Final = 1.0
MOST_TENANTS: Final = 20_000


@dataclass(slots=True)
class _Usage:
    datasets: int
    bytes: int
    most_datasets: int
    most_bytes: int
    until: float


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
            raise StorageFullError(
                f"You may have {usage.most_datasets} datasets.", advice="Remove some that you no longer need."
            )
        if usage.bytes >= usage.most_bytes:
            raise full(usage.most_bytes)
        return usage.most_bytes - usage.bytes

    def note(self, tenant: str, size: int) -> None:
        """A dataset was recorded."""
        if (usage := self._usages.get(tenant)) is not None:
            usage.datasets += 1
            usage.bytes += size

    def forget(self, tenant: str) -> None:
        """One was removed: measure again."""
        self._usages.pop(tenant, None)

    async def _usage(self, tenant: str) -> _Usage:
        usage = self._usages.get(tenant)
        if usage is None or usage.until <= self._clock():
            row = await self._pool.fetchrow(MEASURE_DATASETS, tenant, self._most_datasets, self._most_bytes)
            assert row is not None  # the statement always gives one row
            usage = _Usage(**row, until=self._clock() + FRESH_S)
            self._usages.pop(tenant, None)
            self._usages[tenant] = usage
            if len(self._usages) > MOST_TENANTS:
                del self._usages[next(iter(self._usages))]
        return usage


def full(most_bytes: int) -> StorageFullError:
    """There is no room for these bytes."""
    return StorageFullError(
        f"Your datasets may have {most_bytes} bytes together.", advice="Remove some that you no longer need."
    )
