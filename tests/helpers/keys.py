"""Keys for tests, made as `sundog keys` makes them."""

from datetime import timedelta

import asyncpg

from common.tokens import Token
from common.words import KeyRole
from sundog.keys import Keys, NewKey


async def a_key(
    connection: asyncpg.Connection,
    *,
    tenant: str = "default",
    role: KeyRole = KeyRole.ADMIN,
    name: str = "a test",
    requests_per_s: int | None = None,
) -> Token:
    """A key that lets its owner in."""
    wanted = NewKey(tenant=tenant, role=role, name=name, requests_per_s=requests_per_s)
    return await Keys(connection).create(wanted)


async def an_expired_key(connection: asyncpg.Connection, *, tenant: str = "default") -> Token:
    wanted = NewKey(tenant=tenant, role=KeyRole.ADMIN, name="expired", lasts=timedelta(days=-1))
    return await Keys(connection).create(wanted)


async def a_revoked_key(connection: asyncpg.Connection, *, tenant: str = "default") -> Token:
    token = await a_key(connection, tenant=tenant)
    await Keys(connection).revoke(token.id)
    return token


def bearer(token: Token) -> dict[str, str]:
    """The headers of a request with this key."""
    return {"authorization": f"Bearer {token.text}"}
