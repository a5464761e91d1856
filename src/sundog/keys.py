"""Keys and tenants, as the database's owner makes them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import asyncpg

from common.database import Connection
from common.errors import ConfigurationError, SundogError
from common.ids import uuid7
from common.queries import load_query
from common.tokens import Token, TokenKind
from common.words import Channel, KeyRole

MAKE_TENANT: Final = load_query("sundog", "make_tenant")
INSERT_KEY: Final = load_query("sundog", "insert_key")
LIST_KEYS: Final = load_query("sundog", "list_keys")
REVOKE_KEY: Final = load_query("sundog", "revoke_key")
LIMIT_TENANT: Final = load_query("sundog", "limit_tenant")
LIST_TENANTS: Final = load_query("sundog", "list_tenants")
NOTIFY_CHANNELS: Final = load_query("common", "notify_channels")


class KeyUnknownError(SundogError):
    """There is no such key."""

    code = "key_unknown"


class TenantUnknownError(SundogError):
    """There is no such tenant."""

    code = "tenant_unknown"


class RefusedValueError(SundogError):
    """This cannot be the name of a tenant, or a number is out of range."""

    code = "name_invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """What a key is to be.

    Attributes:
        lasts: for how long it lets in; None: until it is revoked.
        requests_per_s: None: as many as the gateways' settings say.
    """

    tenant: str
    role: KeyRole
    name: str
    lasts: timedelta | None = None
    requests_per_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantChange:
    """What limits a tenant is to have: None leaves one as it is, -1 takes it away."""

    tenant: str
    datasets: int | None = None
    stored_bytes: int | None = None
    queued: int | None = None
    running: int | None = None


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys and tenants in one database; errors are sentences for who sits at the command line."""

    connection: Connection = field(repr=False)

    async def create(self, wanted: NewKey) -> Token:
        """A new key, which is nowhere but in what this returns.

        Raises:
            RefusedValueError: the tenant or the key cannot have this name.
        """
        token = Token.new(TokenKind.KEY)
        values = (token.id, wanted.tenant, wanted.role.value, wanted.name, token.hash, wanted.lasts)
        try:
            async with self.connection.transaction():
                await self.connection.execute(MAKE_TENANT, wanted.tenant)
                await self.connection.execute(INSERT_KEY, *values, wanted.requests_per_s, uuid7())
        except (asyncpg.CheckViolationError, asyncpg.DataError) as error:
            raise _refused(error) from error
        return token

    async def list(self, *, tenant: str | None = None) -> Sequence[asyncpg.Record]:
        """The keys, without what is secret about them."""
        rows: Sequence[asyncpg.Record] = await self.connection.fetch(LIST_KEYS, tenant)
        return rows

    async def revoke(self, identity: str) -> asyncpg.Record:
        """Let a key and its sessions in no more, and tell all gateways.

        Args:
            identity: its id, or the whole key.

        Raises:
            KeyUnknownError: there is none.
        """
        token = Token.parse(identity)
        row = await self.connection.fetchrow(REVOKE_KEY, identity if token is None else token.id, uuid7())
        if row is None:
            raise KeyUnknownError("There is no such key.", advice="`sundog keys list` shows their ids.")
        await self.connection.execute(NOTIFY_CHANNELS, [Channel.KEYS.value], [row["id"]])
        return row

    async def limit(self, change: TenantChange) -> asyncpg.Record | None:
        """Give a tenant limits of its own; it is made if it is new.

        Raises:
            RefusedValueError: the tenant cannot have this name, or a number is too large.
        """
        try:
            return await self.connection.fetchrow(
                LIMIT_TENANT,
                *(change.tenant, change.datasets, change.stored_bytes, change.queued, change.running, uuid7()),
            )
        except (asyncpg.CheckViolationError, asyncpg.DataError) as error:
            raise _refused(error) from error

    async def tenants(self) -> Sequence[asyncpg.Record]:
        """The tenants that were made."""
        rows: Sequence[asyncpg.Record] = await self.connection.fetch(LIST_TENANTS)
        return rows


@asynccontextmanager
async def opened_keys(dsn: str) -> AsyncIterator[Keys]:
    """The keys in a database, as its owner.

    Raises:
        ConfigurationError: Postgres cannot be reached, or refuses.
    """
    try:
        connection: Connection = await asyncpg.connect(dsn, timeout=30)
        try:
            yield Keys(connection)
        finally:
            connection.terminate()
    except OSError as error:
        raise ConfigurationError(f"Postgres cannot be reached: {error}.", advice="Is it running?") from error
    except asyncpg.UndefinedTableError as error:
        raise ConfigurationError("The database has no keys.", advice="Run `sundog migrate` first.") from error
    except asyncpg.PostgresError as error:
        raise ConfigurationError(
            f"Postgres refused: {error}.", advice="SUNDOG_DATABASE_DSN must be the owner's."
        ) from error


def _refused(error: Exception) -> RefusedValueError:
    name: Any = getattr(error, "constraint_name", None)
    if name == "tenant_name_is_a_word":
        return RefusedValueError(
            "This cannot be a tenant's name.",
            advice="Use up to 63 of a-z, 0-9, '.', '_' and '-'; a letter or digit first.",
        )
    return RefusedValueError(f"A value was refused: {error}.")
