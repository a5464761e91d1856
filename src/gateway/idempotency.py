"""Keys that callers give to their requests, so that sending one again does nothing again."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from starlette.requests import Request

from common.database import Pool
from common.queries import load_query
from gateway.errors import HeaderInvalidError, IdempotencyKeyReusedError

SELECT_IDEMPOTENCY_KEY: Final = load_query("gateway", "select_idempotency_key")

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


async def find_tasks(named: NamedRequest, *, tenant: str, pool: Pool) -> Sequence[UUID] | None:
    """The tasks that a request with this key was answered with before; None if there was none.

    Raises:
        IdempotencyKeyReusedError: it was another request.
    """
    row = await pool.fetchrow(SELECT_IDEMPOTENCY_KEY, tenant, named.key)
    if row is None:
        return None
    if row["request"] != named.digest:
        raise IdempotencyKeyReusedError(
            "This Idempotency-Key came before with another request.", advice="Give each request a key of its own."
        )
    tasks: Sequence[UUID] = row["tasks"]
    return tasks
