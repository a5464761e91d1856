"""Whatever commits late, moves to another gateway, breaks off, comes back: each watcher sees 1..n, in order, once."""

import random
from dataclasses import dataclass, field

import anyio
import pytest

from helpers.event_stream import EventStream
from helpers.gateways import GatewayFactory, RunningGateway
from helpers.raw_http import Connection, CutError
from helpers.storytellers import Storyteller, storyteller
from processor.claim import Claim

TASKS = 5
READERS = 6  # of each task
STEPS = 25
MOST_AT_ONCE = 30


@dataclass(slots=True)
class Reader:
    """A client that reads a little, breaks off, and goes on somewhere else."""

    path: str
    gateways: list[RunningGateway]
    rng: random.Random
    seqs: list[int] = field(default_factory=list)
    connections: int = 0

    async def read(self) -> None:
        """Read to the end of the story."""
        while not await self._read_some():
            self.connections += 1

    async def _read_some(self) -> bool:
        connection = await Connection.open(self.rng.choice(self.gateways).url)
        try:
            cursor = str(self.seqs[-1]) if self.seqs else "0"
            query, headers = (f"?after={cursor}", {}) if self.rng.random() < 0.5 else ("", {"last_event_id": cursor})
            answer = await connection.get(self.path + query, accept="text/event-stream", **headers)
            if answer.status == 204:
                return True
            assert answer.status == 200
            return await self._take(EventStream(answer), most=self.rng.randrange(1, 40))
        except CutError:
            return False
        finally:
            connection.reset() if self.rng.random() < 0.5 else connection.close()

    async def _take(self, stream: EventStream, *, most: int) -> bool:
        for _ in range(most):
            block = await stream.event()
            assert block.event != "reset"
            if block.event == "end":
                return True
            if block.id is not None:
                self.seqs.append(int(block.id))
        return False


async def tell_a_story(teller: Storyteller, claim: Claim, rng: random.Random) -> None:
    """Bursts, progress, interruptions and other attempts, and in the end the end."""
    for _ in range(STEPS):
        match rng.randrange(10):
            case 0:
                await teller.interrupt(claim)
                claim = await teller.claim(claim.task)
            case 1 | 2:
                teller.progress(claim, rng.random())
            case 3:
                await teller.partial(claim, {"columns": "x" * rng.randrange(200_000)})
            case _:
                await teller.tell(claim, *("line" for _ in range(rng.randrange(1, MOST_AT_ONCE))))
        for _ in range(rng.randrange(50)):
            await anyio.lowlevel.checkpoint()
    await teller.succeed(claim)


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_watcher_sees_the_whole_story_in_order_and_once(
    gateways: GatewayFactory, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Little is read and kept at a time, so that every way to an event is taken.
    monkeypatch.setattr("gateway.feed_reader.EVENTS_A_FEED", 20)
    monkeypatch.setattr("gateway.feed.MOST_EVENTS", 30)
    rng = random.Random(seed)
    async with (
        storyteller(gateways.database, late=random.Random(seed)) as teller,
        gateways.start(backstop_s=0.5) as one,
        gateways.start(backstop_s=0.5) as other,
    ):
        claims = [await teller.running() for _ in range(TASKS)]
        readers = [
            Reader(f"/v1/tasks/{claim.task}/events", [one, other], random.Random(rng.random()))
            for claim in claims
            for _ in range(READERS)
        ]
        async with anyio.create_task_group() as group:
            for claim in claims:
                group.start_soon(tell_a_story, teller, claim, random.Random(rng.random()))
            for reader in readers:
                group.start_soon(reader.read)
        stories = {
            f"/v1/tasks/{row['id']}/events": row["last_seq"]
            for row in await teller.owner.fetch("SELECT id, last_seq FROM task")
        }

    for reader in readers:
        assert reader.seqs == list(range(1, stories[reader.path] + 1))
    assert sum(reader.connections for reader in readers) > len(readers)
    assert not teller.lost
