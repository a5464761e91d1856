"""One connection that LISTENs on the fixed channels for a whole process.

      ┌────────────┐  connected   ┌───────────┐  caught up   ┌─────────┐
      │ connecting │ ───────────► │ listening │ ───────────► │ serving │
      └────────────┘              └───────────┘              └─────────┘
            ▲       backoff, jitter                               │ connection ended, or the probe was not heard
            └─────────────────────────────────────────────────────┘

A hint that was sent while nobody listened is gone. So whoever is behind this catches up *after* LISTEN took effect and
before it trusts hints again: `on_connect` is called then. A connection can also go deaf without an error (a half-open
one, behind a firewall that forgot it), so the listener notifies itself on a channel of its own and gives the connection
up when it does not hear it in time. The kernel's keepalives find the same in time, but not a pooler that answers and
drops LISTEN.
"""

import logging
import socket
from collections.abc import Callable, Mapping
from functools import partial
from uuid import uuid4

import anyio
import asyncpg
from anyio.abc import TaskStatus
from pydantic import SecretStr

from common.backoff import backoff, jittered
from common.database import TRANSIENT, Connection
from common.lifecycle import Service, Wakeup
from common.queries import load_query
from common.words import Channel

log = logging.getLogger(__name__)

NOTIFY_CHANNELS = load_query("common", "notify_channels")

DEAF = "the listening connection went deaf"
NEVER_HEARD = (
    "the listening connection hears nothing: SUNDOG_DATABASE_LISTENER_DSN must reach Postgres directly, because a "
    "transaction pooler drops LISTEN; where that cannot be, set SUNDOG_DATABASE_NOTIFIER=poll"
)

# The kernel asks the other side after so much silence, so often, before it gives the connection up.
KEEP_ALIVE = {socket.TCP_KEEPIDLE: 30, socket.TCP_KEEPINTVL: 10, socket.TCP_KEEPCNT: 3}

Hear = Callable[[frozenset[str]], None]


class Listener(Service):
    """Hears hints and hands their words to who asked for the channel.

    Args:
        dsn: reaches Postgres directly; behind a transaction pooler LISTEN is silently lost.
        channels: what to call with the words of each payload. The calls must not block.
        on_connect: called after each (re)connect, when LISTEN is in force.
        probe_s: how often to check that it still hears; twice that without hearing is deaf.
    """

    def __init__(
        self,
        *,
        dsn: SecretStr,
        service: str,
        channels: Mapping[Channel, Hear],
        on_connect: Callable[[], None],
        probe_s: float = 10.0,
    ) -> None:
        super().__init__()
        self._dsn = dsn
        self._service = service
        self._channels = channels
        self._on_connect = on_connect
        self._probe_s = probe_s
        self._probe_channel = f"sundog_probe_{uuid4().hex}"
        self._attention = Wakeup()  # rung by a heard probe and by the end of the connection
        self._failures = 0  # in a row, until a probe is heard
        self._has_heard = False  # on the present connection
        self.connected = False
        self.reconnects = 0
        self.heard = 0

    async def run(self, *, ready: TaskStatus[None]) -> None:
        """Connect, serve, and connect again until cancelled. Ready when first connected."""
        passes: tuple[type[Exception], ...] = TRANSIENT
        while True:
            try:
                connection = await self._connect()
            except passes as error:
                log.warning("cannot listen, will try again", extra={"count": self._failures, "error": repr(error)})
            else:
                if passes is TRANSIENT:
                    ready.started()
                    # It was right once, so whatever Postgres says from now on may pass: it starts, moves, has no room.
                    passes = (*TRANSIENT, asyncpg.PostgresError)
                await self._serve(connection)
                self.reconnects += 1
            self._failures += 1
            await anyio.sleep(backoff(self._failures, first=0.05, most=5.0))

    async def _connect(self) -> Connection:
        connection: Connection = await asyncpg.connect(
            self._dsn.get_secret_value(),
            timeout=10,
            command_timeout=10,
            statement_cache_size=0,
            server_settings={"application_name": f"sundog-{self._service}-listener", "tcp_keepalives_idle": "30"},
        )
        try:
            keep_alive(connection)
            connection.add_termination_listener(self._hear_end)
            for channel, hear in self._channels.items():
                await connection.add_listener(channel.value, partial(self._hear, hear))
            await connection.add_listener(self._probe_channel, self._hear_probe)
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def _serve(self, connection: Connection) -> None:
        self.connected = True
        self._has_heard = False
        self._on_connect()
        try:
            while await self._still_hears(connection):
                self._failures = 0
                self._has_heard = True
                await self._attention.wait(at_most=jittered(self._probe_s))
        finally:
            self.connected = False
            connection.terminate()

    async def _still_hears(self, connection: Connection) -> bool:
        if connection.is_closed():
            log.warning("lost the listening connection")
            return False
        self._attention = Wakeup()
        try:
            await connection.execute(NOTIFY_CHANNELS, [self._probe_channel], [""], timeout=self._probe_s)
            heard = await self._attention.wait(at_most=self._probe_s)
        except (*TRANSIENT, asyncpg.PostgresError) as error:
            log.warning("lost the listening connection", extra={"error": repr(error)})
            return False
        if not heard:
            log.warning(DEAF if self._has_heard else NEVER_HEARD)
        return heard and not connection.is_closed()

    def _hear(self, hear: Hear, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        self.heard += 1
        hear(frozenset(str(payload).split(",")))

    def _hear_probe(self, _connection: object, _pid: int, _channel: str, _payload: object) -> None:
        self._attention.ring()

    def _hear_end(self, _connection: object) -> None:
        self._attention.ring()


def keep_alive(connection: Connection) -> None:
    """Let the kernel find out when the other side of a TCP connection has gone without a word."""
    transport = connection._transport  # noqa: SLF001 - asyncpg has neither an option for this nor another way to it
    endpoint = transport.get_extra_info("socket")
    if endpoint is None or endpoint.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in KEEP_ALIVE.items():
        endpoint.setsockopt(socket.IPPROTO_TCP, option, value)
