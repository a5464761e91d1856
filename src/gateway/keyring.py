"""The keys and sessions that callers of this gateway use, kept in memory for seconds.

    request ──► known and fresh? ──no──► one statement, at most a few at a time
                      │yes                          │
                      ▼                             ▼
                 no statement                  known, fresh
                      ▲
                      └── a round every two seconds: all that were used lately or watch a stream, in one statement
                          (at once when a notification says that one was revoked)

So a caller who comes again costs no statement, and one who was shut out is shut out everywhere within a moment where
notifications come, and within a round where they do not. Who is no longer let in is also put out of the streams that
they watch. Without Postgres everybody is known for `FRESH_S` and nobody afterwards: then nothing could be answered.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import anyio
import asyncpg
from anyio.abc import TaskStatus

from common.backoff import jittered
from common.database import TRANSIENT, Pool
from common.lifecycle import Service, Wakeup
from common.queries import load_query
from common.tokens import Token, TokenKind
from common.words import KeyRole
from gateway.caller import Caller

log = logging.getLogger(__name__)

SELECT_CREDENTIALS: Final = load_query("gateway", "select_credentials")
NOTE_USE: Final = load_query("gateway", "note_use")

FRESH_S: Final = 6.0
ROUND_S: Final = 2.0
USED_S: Final = 60.0  # so long after its last use a key is read in each round
UNKNOWN_FRESH_S: Final = 1.0
READS_AT_ONCE: Final = 2  # a flood of keys that nobody has must not take the connections of those who have one
MOST_KNOWN: Final = 20_000
NOBODYS_HASH: Final = bytes(32)

Place = tuple[TokenKind, str]  # kind and id of a token


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A key or a session, as it was when it was read.

    Attributes:
        requests_per_s: of the key; None: what the settings say.
        ends_at: when it expires, in seconds of the monotonic clock; infinity for never.
    """

    caller: Caller
    hash: bytes = field(repr=False)
    is_revoked: bool
    ends_at: float
    requests_per_s: int | None

    def holds(self, now: float) -> bool:
        """Whether its owner is let in."""
        return not self.is_revoked and now < self.ends_at


@dataclass(slots=True)
class _Known:
    credential: Credential | None
    fresh_until: float
    used_at: float


class Keyring(Service):
    """Knows callers by their tokens.

    Args:
        pool: of the gateway's database role.
        watching: the ids of keys that watch streams here.
        put_out: ends the streams of a key.
    """

    def __init__(self, *, pool: Pool, watching: Callable[[], Collection[str]], put_out: Callable[[str], None]) -> None:
        super().__init__()
        self.reads = 0
        self._pool = pool
        self._watching = watching
        self._put_out = put_out
        self._known: dict[Place, _Known] = {}
        self._used: set[str] = set()
        self._limiter = anyio.CapacityLimiter(READS_AT_ONCE)
        self._wakeup = Wakeup()

    async def find(self, token: Token) -> Credential | None:
        """What the token stands for, whether it still holds or not; None if it stands for nothing.

        Raises:
            One of `TRANSIENT`: Postgres is away.
        """
        now = time.monotonic()
        place = (token.kind, token.id)
        known = self._known.get(place)
        if known is None or known.fresh_until <= now:
            known = await self._look_up(place)
        credential = opened(known.credential, by=token)
        if credential is None:
            return None
        known.used_at = now
        if credential.caller.key is not None and credential.holds(now):
            self._used.add(credential.caller.key)
        return credential

    def has(self, token: Token) -> bool:
        """Whether there is a key or session with the id of this token, whose secret may be wrong; after `find`."""
        known = self._known.get((token.kind, token.id))
        return known is not None and known.credential is not None

    def hear(self, words: frozenset[str]) -> None:
        """A hint: these keys were revoked, or these sessions have ended."""
        for place, known in self._known.items():
            if place[1] in words or (known.credential is not None and known.credential.caller.key in words):
                known.fresh_until = 0.0
        self._wakeup.ring()

    def catch_up(self) -> None:
        """Hints were lost."""
        self._wakeup.ring()

    def forget(self, token_id: str) -> None:
        """This session has just ended here."""
        self._known.pop((TokenKind.SESSION, token_id), None)

    async def run(self, *, ready: TaskStatus[None]) -> None:
        """Read again and again what is used, until cancelled; then note what was used."""
        ready.started()
        try:
            while True:
                await self._wakeup.wait(at_most=jittered(ROUND_S))
                try:
                    await self.run_once()
                except (*TRANSIENT, asyncpg.PostgresError) as error:
                    log.warning("cannot read keys, will try again", extra={"error": repr(error)})
        finally:
            with anyio.move_on_after(1, shield=True):
                await self._note_use()

    async def run_once(self) -> int:
        """Read what is used, put out whom it no longer lets in; returns how many were read.

        Raises:
            One of `TRANSIENT`: Postgres is away.
        """
        now = time.monotonic()
        watching = set(self._watching())
        self._known = {place: known for place, known in self._known.items() if _is_needed(known, watching, now)}
        if self._known:
            await self._read(list(self._known))
        await self._note_use()
        self._put_out_all(watching)
        return len(self._known)

    def _put_out_all(self, watching: Collection[str]) -> None:
        now = time.monotonic()
        for known in self._known.values():
            key = None if known.credential is None or known.credential.holds(now) else known.credential.caller.key
            if key is not None and key in watching:
                self._put_out(key)

    async def _note_use(self) -> None:
        used, self._used = self._used, set()
        if not used:
            return
        try:
            await self._pool.execute(NOTE_USE, sorted(used))
        except (*TRANSIENT, asyncpg.PostgresError) as error:
            log.warning("cannot note which keys were used", extra={"error": repr(error)})

    async def _look_up(self, place: Place) -> _Known:
        async with self._limiter:
            known = self._known.get(place)  # who waited here may find it read by another
            if known is None or known.fresh_until <= time.monotonic():
                await self._read([place])
            return self._known[place]

    async def _read(self, places: Sequence[Place]) -> None:
        self.reads += 1
        rows = await self._pool.fetch(SELECT_CREDENTIALS, *(_ids(places, kind) for kind in TokenKind))
        now = time.monotonic()
        found = {(TokenKind.SESSION if row["is_session"] else TokenKind.KEY, row["id"]): row for row in rows}
        for place in places:
            before = self._known.get(place)
            credential = _credential(found[place], now=now) if place in found else _ended(before)
            fresh_s = UNKNOWN_FRESH_S if credential is None else FRESH_S
            used_at = now if before is None else before.used_at
            self._known.pop(place, None)
            self._known[place] = _Known(credential, fresh_until=now + fresh_s, used_at=used_at)
        while len(self._known) > MOST_KNOWN:
            del self._known[next(iter(self._known))]  # what was read longest ago


def opened(credential: Credential | None, *, by: Token) -> Credential | None:
    """What a token with its id opens; None if the secret is wrong or there is nothing, with as much work for each."""
    is_right = by.matches(NOBODYS_HASH if credential is None else credential.hash)
    return credential if is_right else None


def _ids(places: Iterable[Place], kind: TokenKind) -> list[str]:
    return [identity for each, identity in places if each is kind]


def _is_needed(known: _Known, watching: Collection[str], now: float) -> bool:
    if known.credential is None:
        return known.fresh_until > now
    return known.used_at > now - USED_S or known.credential.caller.key in watching


def _ended(before: _Known | None) -> Credential | None:
    """A session that was there and is gone has been logged out; who watched by it must be known a last time."""
    if before is None or before.credential is None or before.credential.is_revoked:
        return None
    was = before.credential
    return Credential(
        caller=was.caller, hash=was.hash, is_revoked=True, ends_at=was.ends_at, requests_per_s=was.requests_per_s
    )


def _credential(row: asyncpg.Record, *, now: float) -> Credential:
    caller = Caller(
        tenant=row["tenant"],
        role=KeyRole(row["role"]),
        key=row["key"],
        name=row["name"],
        session=row["id"] if row["is_session"] else None,
    )
    return Credential(
        caller=caller,
        hash=row["hash"],
        is_revoked=row["is_revoked"],
        ends_at=float("inf") if row["ends_in_s"] is None else now + row["ends_in_s"],
        requests_per_s=row["requests_per_s"],
    )
