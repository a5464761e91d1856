"""The gateway conforms."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from conformance.stream_conformance import LIMIT_PER_CALLER, Story, StreamConformance, Subject
from helpers.database import Database, DatabaseServers
from helpers.gateways import GatewayFactory, RunningGateway
from helpers.own_task import in_own_task
from helpers.storytellers import Storyteller, storyteller
from processor.claim import Claim
from sundog.postgres_binaries import PostgresBinaries


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldStory:
    """A story by the storyteller."""

    claim: Claim
    teller: Storyteller

    @property
    def path(self) -> str:
        return f"/v1/tasks/{self.claim.task}/events"

    async def tell(self, *messages: str) -> None:
        await self.teller.tell(self.claim, *messages)

    def progress(self, fraction: float) -> None:
        self.teller.progress(self.claim, fraction)

    async def end(self) -> None:
        await self.teller.succeed(self.claim)

    async def forget(self, up_to: int) -> None:
        await self.teller.owner.execute("DELETE FROM event WHERE task = $1 AND seq <= $2", self.claim.task, up_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySubject:
    """A gateway with a storyteller."""

    gateway: RunningGateway
    teller: Storyteller

    @property
    def url(self) -> str:
        return self.gateway.url

    async def story(self) -> Story:
        return ToldStory(claim=await self.teller.running(), teller=self.teller)

    async def stop(self) -> None:
        await self.gateway.stop()


@asynccontextmanager
async def gateway_subject(database: Database, folder: Path) -> AsyncIterator[Subject]:
    gateways = GatewayFactory(database=database, folder=folder)
    async with (
        storyteller(database) as teller,
        gateways.start(heartbeat_s=0.2, limit_per_caller=LIMIT_PER_CALLER) as gateway,
    ):
        yield GatewaySubject(gateway=gateway, teller=teller)


@pytest_asyncio.fixture(scope="class", loop_scope="class")
async def subject(
    servers: DatabaseServers, postgres: PostgresBinaries, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Subject]:
    server = await servers.get(postgres)
    folder = tmp_path_factory.mktemp("conformance")
    async with server.database() as database, in_own_task(gateway_subject(database, folder)) as subject:
        yield subject


@pytest_asyncio.fixture(loop_scope="class")
async def doomed(database: Database, tmp_path: Path) -> AsyncIterator[Subject]:
    async with in_own_task(gateway_subject(database, tmp_path)) as subject:
        yield subject


@pytest.mark.asyncio(loop_scope="class")
class TestGateway(StreamConformance):
    """Every test of the suite."""
