"""Gateways of the tests' own, in the test's process, behind real sockets."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from pydantic import SecretStr

from common.settings import DatabaseSettings, StorageSettings
from gateway.app import Gateway, open_gateway
from gateway.server import Server, build_server, listening_socket
from gateway.settings import GatewaySettings, StreamSettings
from helpers.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningGateway:
    """A gateway that listens.

    Attributes:
        url: where.
        parts: what it is made of, to be looked at.
    """

    url: str
    parts: Gateway
    server: Server
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def stop(self) -> None:
        """What a signal does, up to the end of the last connection."""
        await self.server.stop(self.parts.live.streams.drain)
        await self._ended.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayFactory:
    """Starts gateways against one database."""

    database: Database
    folder: Path

    @asynccontextmanager
    async def start(
        self, *, dsn: str | None = None, listener_dsn: str | None = None, probe_s: float = 10, **changed: Any
    ) -> AsyncIterator[RunningGateway]:
        """A gateway that answers.

        Args:
            dsn: of its pool; None: of the gateway's role.
            listener_dsn: where it listens; None: there too.
            probe_s: seconds between its looks whether it hears.
            changed: settings of streams that differ from the defaults; `own`: such settings of the gateway itself.
        """
        notifier = changed.pop("notifier", "postgres")
        own = {
            "shutdown_s": changed.pop("shutdown_s", 3),
            "kinds_cache_s": 0,
            "trusted_proxies": changed.pop("trusted_proxies", ()),
            **changed.pop("own", {}),
        }
        settings = GatewaySettings(port=0, **own)
        database = DatabaseSettings(
            dsn=SecretStr(dsn or self.database.gateway_dsn),
            listener_dsn=None if listener_dsn is None else SecretStr(listener_dsn),
            notifier=notifier,
            probe_s=probe_s,
        )
        storage = StorageSettings(url=(self.folder / "storage").as_uri())
        async with open_gateway(
            settings=settings, streams=StreamSettings(**changed), database=database, storage=storage
        ) as parts:
            server = build_server(parts.app, settings=settings)
            with listening_socket(settings) as listening:
                url = f"http://127.0.0.1:{listening.getsockname()[1]}"
                running = RunningGateway(url=url, parts=parts, server=server)
                async with anyio.create_task_group() as group:
                    group.start_soon(_serve, running, listening)
                    try:
                        yield running
                    finally:
                        server.should_exit = server.force_exit = True


async def _serve(running: RunningGateway, listening: socket.socket) -> None:
    """Serve until told to exit, also when the test has failed: uvloop cannot be closed over an open server."""
    with anyio.CancelScope(shield=True):
        await running.server.serve(sockets=[listening])
    running._ended.set()
