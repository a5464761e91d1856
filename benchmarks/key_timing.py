"""Whether the time of a refusal tells anything of a key: rank statistics of keys that are wrong in different ways.

Two sorts of requests go to a gateway in random order over one connection. The figure is the chance that one of the
first sort took longer than one of the second (the area under the curve, Mann and Whitney): 50 % where time tells
nothing. Its yardstick is the same for two sorts that do not differ at all. The margin is that of chance alone (two
deviations); what the machine does besides comes on top. A naive comparison, character by character in a loop, shows
what a leak looks like.
"""

import argparse
import asyncio
import random
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

import asyncpg

from benchmarks.parts.figures import compare, headline
from benchmarks.parts.installation import installation
from common.tokens import Token, TokenKind
from common.words import KeyRole
from sundog.keys import Keys, NewKey

COLD: Final = 400  # keys that were never asked for before; each can be that once

Ask = Callable[[Token], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorts:
    """Two sorts of keys, one key for each request."""

    name: str
    first: Sequence[Token]
    second: Sequence[Token]


def asked(sock: socket.socket, token: Token) -> float:
    """Seconds until a wrong key is refused."""
    request = f"GET /v1/session HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token.text}\r\n\r\n".encode()
    began = time.perf_counter()
    sock.sendall(request)
    answer = sock.recv(65_536)
    while not answer.endswith(b"}"):
        answer += sock.recv(65_536)
    took = time.perf_counter() - began
    assert answer.startswith(b"HTTP/1.1 401 "), answer[:200]
    return took


def compared_naively(right: str) -> Ask:
    """What must not be done."""

    def ask(token: Token) -> float:
        began = time.perf_counter()
        for ours, theirs in zip(right, token.secret, strict=True):
            if ours != theirs:
                break
        return time.perf_counter() - began

    return ask


def chance(sorts: Sorts, ask: Ask) -> float:
    """In percent, that one of the first takes longer than one of the second; ties count half."""
    order = [(0, token) for token in sorts.first] + [(1, token) for token in sorts.second]
    random.shuffle(order)
    took: tuple[list[float], list[float]] = ([], [])
    for which, token in order:
        took[which].append(ask(token))
    return 100 * rank_statistic(*took)


def rank_statistic(first: Sequence[float], second: Sequence[float]) -> float:
    """The statistic of Mann and Whitney over the number of pairs."""
    ranked = sorted([*((value, 1) for value in first), *((value, 0) for value in second)])
    ranks: dict[float, list[int]] = {}
    for rank, (value, _) in zip(count(1), ranked, strict=False):
        ranks.setdefault(value, []).append(rank)
    total = sum(sum(ranks[value]) / len(ranks[value]) for value in first)
    return (total - len(first) * (len(first) + 1) / 2) / (len(first) * len(second))


def margin(size: int) -> float:
    """In percent, two deviations of the statistic of two samples of this size that do not differ."""
    return float(200 * ((2 * size + 1) / (12 * size * size)) ** 0.5)


def wrong(token: Token, *, right: int) -> Token:
    """The key with so many right characters at the beginning of its secret, and all others wrong."""
    rest = "".join("a" if each != "a" else "b" for each in token.secret[right:])
    return Token(kind=token.kind, id=token.id, secret=token.secret[:right] + rest)


async def sorts_of(owner: asyncpg.Connection, requests: int) -> tuple[Token, list[Sorts]]:
    """A key, and what is asked beside what."""
    keys = Keys(owner)
    wanted = NewKey(tenant="default", role=KeyRole.READ, name="a benchmark")
    token = await keys.create(wanted)
    cold = [wrong(await keys.create(wanted), right=0) for _ in range(COLD)]
    far, near, unknown = wrong(token, right=0), wrong(token, right=len(token.secret) - 1), Token.new(TokenKind.KEY)
    return token, [
        Sorts(
            name="a key that is nearly right, one that is quite wrong", first=[near] * requests, second=[far] * requests
        ),
        Sorts(name="a key that is there, one that is not", first=[far] * requests, second=[unknown] * requests),
        Sorts(
            name=f"the same, asked for the first time ({COLD} of each)",
            first=cold,
            second=[Token.new(TokenKind.KEY) for _ in cold],
        ),
    ]


async def measure(requests: int) -> None:
    """All pairs of sorts."""
    async with installation() as place:
        token, pairs = await sorts_of(place.owner, requests)
        async with place.gateway(GATEWAY_OPEN="false") as gateway:
            with socket.create_connection(("127.0.0.1", gateway.port)) as sock:

                def ask(key: Token) -> float:
                    return asked(sock, key)

                same = Sorts(name="", first=pairs[0].second, second=pairs[0].second)
                chance(same, ask)  # until all is warm
                headline(f"two sorts that do not differ; the margin of chance is {margin(requests):.1f} %")
                for pair in pairs:
                    compare(pair.name, chance(pair, ask), chance(same, ask), unit="%", goal="50 %")
        naive = compared_naively(token.secret)
        compare("a naive comparison of the first pair", chance(pairs[0], naive), chance(same, naive), unit="%")


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=2_000, help="of each sort")
    asyncio.run(measure(parser.parse_args().requests))


if __name__ == "__main__":
    main()
