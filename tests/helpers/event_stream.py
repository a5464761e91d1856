"""A strict parser of the event-stream grammar, and the queue of what a stream told.

The grammar is that of the HTML standard (section 9.2.5), narrowed to what a careful server sends: UTF-8, one line end
(LF), known fields only, each at most once a block except data, no NUL in an id, digits in retry, one space after the
colon, and no block that ends with the connection instead of with its empty line.
"""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final, Self

from helpers.raw_http import Answer, Connection

FIELD: Final = re.compile(r"(event|data|id|retry): ([^\r\n\x00]*)")
COMMENT: Final = re.compile(r":[^\r\n]*")
LONGEST_BLOCK: Final = 64 << 20


class GrammarError(AssertionError):
    """This is no event stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What stands between two empty lines.

    Attributes:
        event: the event's name; None in a block that dispatches nothing.
    """

    event: str | None = None
    id: str | None = None
    data: Any = None
    retry: int | None = None
    comments: tuple[str, ...] = ()


@dataclass(slots=True)
class EventStreamParser:
    """Takes bytes as they come, gives blocks."""

    _rest: bytes = b""

    def feed(self, data: bytes) -> list[Block]:
        """The blocks that are complete with these bytes."""
        *blocks, self._rest = (self._rest + data).split(b"\n\n")
        if len(self._rest) > LONGEST_BLOCK:
            raise GrammarError("a block does not end")
        return [parse_block(block.decode()) for block in blocks]

    def end(self) -> None:
        """The stream has ended."""
        if self._rest:
            raise GrammarError(f"a block without its end: {self._rest[:200]!r}")


def parse_block(text: str) -> Block:
    """One block, without the empty line that ends it."""
    fields: dict[str, str] = {}
    comments: list[str] = []
    for line in text.split("\n"):
        if COMMENT.fullmatch(line):
            comments.append(line)
        elif (found := FIELD.fullmatch(line)) is not None and found[1] not in fields:
            fields[found[1]] = found[2]
        else:
            raise GrammarError(f"no line of an event stream: {line[:200]!r}")
    if ("event" in fields) != ("data" in fields):
        raise GrammarError(f"an event has a name and data: {text[:200]!r}")
    retry = fields.get("retry")
    if retry is not None and not re.fullmatch("[0-9]+", retry):
        raise GrammarError(f"no time: {retry!r}")
    return Block(
        event=fields.get("event"),
        id=fields.get("id"),
        data=json.loads(fields["data"]) if "data" in fields else None,
        retry=None if retry is None else int(retry),
        comments=tuple(comments),
    )


@dataclass(slots=True)
class EventStream:
    """One answer as an event stream.

    Attributes:
        seen: every block so far.
        last_event_id: as a browser would send it when it comes back.
    """

    answer: Answer
    seen: list[Block] = field(default_factory=list)
    last_event_id: str | None = None
    _parser: EventStreamParser = field(default_factory=EventStreamParser)
    _ready: list[Block] = field(default_factory=list)

    @classmethod
    async def open(cls, connection: Connection, path: str, **headers: str) -> Self:
        """Ask for a stream; a header's name is written with underscores."""
        answer = await connection.get(path, **{"accept": "text/event-stream", **headers})
        assert answer.status == 200, (answer.status, await answer.body())
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        return cls(answer)

    async def block(self) -> Block | None:
        """The next block, or None at the end of the stream."""
        while not self._ready:
            data = await self.answer.read()
            if not data:
                self._parser.end()
                return None
            self._ready += self._parser.feed(data)
        block = self._ready.pop(0)
        self.seen.append(block)
        if block.id is not None:
            self.last_event_id = block.id
        return block

    async def event(self, *names: str) -> Block:
        """The next event, or the next with one of these names."""
        while (block := await self.block()) is not None:
            if block.event is not None and (not names or block.event in names):
                return block
        raise AssertionError(f"the stream ended before {names or 'an event'}: {self.seen[-5:]}")

    async def events(self) -> list[Block]:
        """All events up to the end of the stream."""
        return [block async for block in self if block.event is not None]

    async def __aiter__(self) -> AsyncIterator[Block]:
        while (block := await self.block()) is not None:
            yield block
