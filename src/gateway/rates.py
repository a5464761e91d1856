"""How many requests a second each key may send, at all gateways together.

The bucket of a key is in Postgres. A gateway takes a lease of some tokens out of it at a time, and spends them without
asking anybody; so a busy key costs a gateway a few statements a second, whatever it sends.

How exact that is: what is admitted was taken out of the bucket, so in a time t all gateways together take
`burst + rate * t` at most. What they admit in that time may be more by what they held at its beginning: a lease each,
which is a quarter of a second's requests, and is thrown away after a second.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import anyio

from common.database import Pool
from common.queries import load_query
from gateway.limit_errors import TooManyRequestsError

LEASE_TOKENS: Final = load_query("gateway", "lease_tokens")

LEASES_A_SECOND: Final = 4
LEASE_S: Final = 1.0
BURST_S: Final = 2.0
MOST_LEASES: Final = 20_000


@dataclass(slots=True)
class _Lease:
    tokens: float
    until: float
    lock: anyio.Lock
    is_refused: bool = False


class Rates:
    """The requests that keys may send.

    Args:
        pool: of the gateway's database role.
        default: requests a second of a key that has no number of its own; None: any number.
        clock: seconds, monotonic.
        wall: the time that the database is told; None there means its own.
    """

    def __init__(
        self,
        *,
        pool: Pool,
        default: int | None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime | None] = lambda: None,
    ) -> None:
        self.statements = 0
        self._pool = pool
        self._default = default
        self._clock = clock
        self._wall = wall
        self._leases: dict[str, _Lease] = {}

    async def take(self, key: str, *, per_s: int | None) -> None:
        """One request of a key.

        Args:
            key: its id.
            per_s: what it may send; None: the default.

        Raises:
            TooManyRequestsError: it has sent too many.
            One of `TRANSIENT`: Postgres is away.
        """
        rate = per_s or self._default
        if rate is None:
            return
        lease = self._leases.get(key)
        if lease is None:
            lease = self._new(key)
        if lease.tokens < 1 or self._clock() >= lease.until:
            async with lease.lock:
                await self._renew(key, lease, rate)
        lease.tokens -= 1

    def _new(self, key: str) -> _Lease:
        while len(self._leases) >= MOST_LEASES:
            del self._leases[next(iter(self._leases))]
        lease = self._leases[key] = _Lease(tokens=0, until=0, lock=anyio.Lock())
        return lease

    async def _renew(self, key: str, lease: _Lease, rate: int) -> None:
        now = self._clock()
        if now >= lease.until:
            lease.tokens, lease.is_refused = 0, False
        if lease.tokens >= 1:
            return  # another request has renewed it
        if not lease.is_refused:
            lease.tokens = await self._lease(key, rate)
            lease.is_refused = lease.tokens < 1
            # Who has nothing is asked again when there may be one; until then it costs no statement to say no.
            lease.until = self._clock() + (min(1 / rate, LEASE_S) if lease.is_refused else LEASE_S)
        if lease.is_refused:
            raise TooManyRequestsError(
                f"This key may send {rate} requests a second.",
                advice="Send fewer, or many tasks in one request: POST /v1/tasks/batch.",
                retry_after_s=max(1, math.ceil(lease.until - now)),
            )

    async def _lease(self, key: str, rate: int) -> float:
        wanted = max(1, math.ceil(rate / LEASES_A_SECOND))
        self.statements += 1
        taken = await self._pool.fetchval(
            LEASE_TOKENS, key, float(wanted), float(rate), float(math.ceil(rate * BURST_S)), self._wall()
        )
        return float(taken)
