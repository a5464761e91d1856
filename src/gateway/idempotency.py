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
    """A request that has a key: the key, and the digest of its route and body."""

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
        self._shared = _shared_look(pool, SELECT_IDEMPOTENCY_KEYS)

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


class ChosenIds:
    """Finds tasks by the ids that their requests chose; looks are shared as those for keys.

    Args:
        pool: of the gateway's database role.
    """

    def __init__(self, *, pool: Pool) -> None:
        self._shared = _shared_look(pool, COMPARE_REQUESTS)

    async def is_same(self, identity: UUID, *, digest: bytes, tenant: str) -> bool | None:
        """Whether the tenant's task with this id was asked for by the same request; None if there is no such task."""
        row = await self._shared.take((identity, digest, tenant))
        is_same: bool | None = row["is_same"]
        return is_same


def _shared_look(pool: Pool, statement: str) -> Shared[tuple[object, ...], asyncpg.Record]:
    """Looks that share a statement, which takes an array for each of their values and gives a row for each of them."""

    async def look(asked: Sequence[tuple[object, ...]]) -> Sequence[asyncpg.Record]:
        found: Sequence[asyncpg.Record] = await pool.fetch(statement, *zip(*asked, strict=True))
        return found

    return Shared(look, most=MOST_TOGETHER)
