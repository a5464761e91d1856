"""How slowly a body may come, by a clock that the test moves."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from starlette.types import Message

from gateway.body_pace import BodyPace
from gateway.limit_errors import RequestTooSlowError

TIMEOUT_S = 10.0
SLOWEST = 100.0  # bytes a second


@dataclass(slots=True)
class Sender:
    """A client that sends pieces, each after so many seconds."""

    pieces: Sequence[tuple[float, int]]
    now: float = 0.0
    sent: list[int] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    async def receive(self) -> Message:
        seconds, size = self.pieces[len(self.sent)]
        self.now += seconds
        self.sent.append(size)
        return {"type": "http.request", "body": bytes(size), "more_body": len(self.sent) < len(self.pieces)}

    def pace(self) -> BodyPace:
        return BodyPace(self.receive, timeout_s=TIMEOUT_S, slowest_bytes_per_s=SLOWEST, clock=self.clock)


async def read_all(sender: Sender) -> int:
    pace, taken = sender.pace(), 0
    for _ in sender.pieces:
        taken += len((await pace.receive())["body"])
    return taken


async def test_a_body_that_drips_is_given_up_once_its_average_is_too_low() -> None:
    """Something comes all the time, so that no single wait is too long."""
    sender = Sender(pieces=[(1.0, 99)] * 60)
    with pytest.raises(RequestTooSlowError):
        await read_all(sender)

    assert len(sender.sent) == TIMEOUT_S + 1  # not before the time that anybody has


async def test_a_body_at_the_least_rate_is_taken_whole() -> None:
    sender = Sender(pieces=[(1.0, 100)] * 60)

    assert await read_all(sender) == 6_000


async def test_what_came_quickly_at_first_pays_for_what_comes_slowly_later() -> None:
    assert await read_all(Sender(pieces=[(0.0, 2_000), (9.0, 1), (9.0, 1), (1.0, 1)])) == 2_003
    with pytest.raises(RequestTooSlowError):
        await read_all(Sender(pieces=[(0.0, 1_000), (9.0, 1), (9.0, 1), (1.0, 1)]))


async def test_time_in_which_nobody_asks_for_more_does_not_count() -> None:
    sender = Sender(pieces=[(1.0, 10)] * 9)
    pace = sender.pace()
    for _ in sender.pieces:
        await pace.receive()
        sender.now += 1_000  # the storage is slow

    assert len(sender.sent) == 9


async def test_the_last_piece_is_taken_however_late() -> None:
    assert await read_all(Sender(pieces=[(6.0, 1), (6.0, 1)])) == 2
