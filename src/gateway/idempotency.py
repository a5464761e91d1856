"""Keys that callers give to their requests, or ids that they chose, so that sending one again does nothing again."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import asyncpg
from starlette.requests import Request

from common.database import Pool
from common.queries import load_query
from gateway.errors import HeaderInvalidError, IdempotencyKeyReusedError
from gateway.shared import Shared

COMPARE_REQUESTS: Final = load_query("gateway", "compare_requests")
SELECT_IDEMPOTENCY_KEYS: Final = load_query("gateway", "select_idempotency_keys")
MOST_TOGETHER: Final = 200

KEY: Final = re.compile(r"[!#-\[\]-~]{1,255}")  # visible ASCII without quotes and backslashes
REPLAYED: Final = {"idempotent-replayed": "true"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedRequest:
    """A request that has a key: the key and the digest of its body."""

    key: str
    digest: bytes


def key_asked(request: Request) -> str | None:
    """The request's Idempotency-Key; in quotes, as its draft standard has it, or without.

    Raises:
        HeaderInvalidError: it cannot be one.
    """
    sent: list[str] = [
        value.decode("latin-1") for name, value in request.scope["headers"] if name == b"idempotency-key"
    ]
    if not sent:
        return None
    key = sent[0].strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if len(sent) > 1 or not KEY.fullmatch(key):
        raise HeaderInvalidError(
            "Idempotency-Key: must be one word of 1 to 255 visible ASCII characters.", advice="Use a UUID."
        )
    return key


class NamedRequests:
    """Finds requests by their keys. Those that are looked for while others are being found share the next statement.

    Args:
        pool: of the gateway's database role.
    """

    def __init__(self, *, pool: Pool) -> None:
        self._pool = pool
        self._shared = Shared(self._find_together, most=MOST_TOGETHER)

    async def find(self, named: NamedRequest, *, tenant: str) -> Sequence[UUID] | None:
        """The tasks that a request with this key was answered with before; None if there was none.

        Raises:
            IdempotencyKeyReusedError: it was another request.
        """
        row = await self._shared.take((tenant, named.key))
        if row["request"] is None:
            return None
        if row["request"] != named.digest:
            raise IdempotencyKeyReusedError(
                "This Idempotency-Key came before with another request.", advice="Give each request a key of its own."
            )
        tasks: Sequence[UUID] = row["tasks"]
        return tasks

    async def _find_together(self, asked: Sequence[tuple[str, str]]) -> Sequence[asyncpg.Record]:
        tenants, keys = zip(*asked, strict=True)
        found: Sequence[asyncpg.Record] = await self._pool.fetch(SELECT_IDEMPOTENCY_KEYS, tenants, keys)
        return found


class ChosenIds:
    """Finds tasks by the ids that their requests chose; looks are shared as those for keys.

    Args:
        pool: of the gateway's database role.
    """

    def __init__(self, *, pool: Pool) -> None:
        self._pool = pool
        self._shared = Shared(self._find_together, most=MOST_TOGETHER)

    async def is_same(self, identity: UUID, *, digest: bytes, tenant: str) -> bool | None:
        """Whether the tenant's task with this id was asked for by the same request; None if there is no such task."""
        row = await self._shared.take((identity, digest, tenant))
        is_same: bool | None = row["is_same"]
        return is_same

    async def _find_together(self, asked: Sequence[tuple[UUID, bytes, str]]) -> Sequence[asyncpg.Record]:
        ids, digests, tenants = zip(*asked, strict=True)
        found: Sequence[asyncpg.Record] = await self._pool.fetch(COMPARE_REQUESTS, ids, digests, tenants)
        return found
