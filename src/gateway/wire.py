"""What a feed looks like on the wire: one event in each of its forms, encoded once for all who watch it.

sse      text/event-stream     what browsers and most libraries read; `id` is the seq
ndjson   application/x-ndjson  one JSON object a line
text     text/plain            one line for a person at `curl -N`

An event's JSON is one line, so its block in an event stream is put together as it is. sse-starlette's encoder looks for
line ends in all of it: eight times as long for a partial result of some megabytes.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from common.words import FINAL_EVENTS
from gateway.json_text import instant
from gateway.plain_text import end_line, event_line, progress_line, reset_line, still_line

FINAL: Final = frozenset(event.value for event in FINAL_EVENTS)
READ_FOR_TEXT: Final = 64 << 10  # a line for a person is not worth parsing more
EVENT_BYTES: Final = 600  # what an event takes in memory besides its text


class Form(StrEnum):
    """How a watcher wants its feed."""

    SSE = "text/event-stream"
    NDJSON = "application/x-ndjson"
    TEXT = "text/plain"


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a feed.

    Attributes:
        seq: its number in the story.
        type: its name, one of `common.words.EventType`.
        at: when it happened, as it is written.
        body: the whole event as one line of JSON.
    """

    seq: int
    type: str
    at: str
    body: str
    _encoded: dict[Form, bytes] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Event":
        """A row of read_events.sql or read_tails.sql."""
        at = str(instant(row["at"]))
        head = {"seq": row["seq"], "type": row["type"], "at": at, "task": str(row["task"])}
        if row["attempt"] is not None:
            head["attempt"] = row["attempt"]
        body = _merge(json.dumps(head, separators=(",", ":")), row["data"])
        return cls(seq=row["seq"], type=row["type"], at=at, body=body)

    @property
    def is_final(self) -> bool:
        """Whether the task had ended with it."""
        return self.type in FINAL

    @property
    def cost(self) -> int:
        """About the bytes that it takes in memory, once it was encoded."""
        return 2 * len(self.body) + EVENT_BYTES

    def encoded(self, form: Form) -> bytes:
        """Its bytes in a form; made once."""
        if form not in self._encoded:
            self._encoded[form] = self._encode(form)
        return self._encoded[form]

    def _encode(self, form: Form) -> bytes:
        match form:
            case Form.SSE:
                return f"id: {self.seq}\nevent: {self.type}\ndata: {self.body}\n\n".encode()
            case Form.NDJSON:
                return f"{self.body}\n".encode()
            case Form.TEXT:
                short = {"type": self.type, "at": self.at}
                told = json.loads(self.body) if len(self.body) <= READ_FOR_TEXT else short
                return f"{event_line(told)}\n".encode()


@dataclass(frozen=True, slots=True)
class Progress:
    """The present progress of a task; it has no place in the story, so it carries no id."""

    rev: int
    data: str
    _encoded: dict[Form, bytes] = field(default_factory=dict, repr=False, compare=False)

    def encoded(self, form: Form) -> bytes:
        """Its bytes in a form; made once."""
        if form not in self._encoded:
            self._encoded[form] = self._encode(form)
        return self._encoded[form]

    def _encode(self, form: Form) -> bytes:
        body = _merge(f'{{"rev":{self.rev}}}', self.data)
        match form:
            case Form.SSE:
                return f"event: progress\ndata: {body}\n\n".encode()
            case Form.NDJSON:
                line = _merge('{"type":"progress"}', body)
                return f"{line}\n".encode()
            case Form.TEXT:
                return f"{progress_line(json.loads(body))}\n".encode()


def first_words(*, retry_ms: int, form: Form) -> bytes:
    """What a stream begins with: when to come back if it breaks. Jittered, so that not all come back together.

    A field counts as soon as its line is read; the block that it stands in is that of the first event.
    """
    return f"retry: {retry_ms}\n".encode() if form is Form.SSE else b""


def end_of_feed(seq: int, *, form: Form) -> bytes:
    """What says that the story is over, after its last event."""
    match form:
        case Form.SSE:
            return f'event: end\ndata: {{"seq":{seq}}}\n\n'.encode()
        case Form.NDJSON:
            return f'{{"type":"end","seq":{seq}}}\n'.encode()
        case Form.TEXT:
            return f"{end_line()}\n".encode()


def reset_of_feed(state: Mapping[str, Any], *, form: Form) -> bytes:
    """What says that the cursor is none of this feed's, with the present state, from which the watcher goes on."""
    body = json.dumps(state, separators=(",", ":"))
    match form:
        case Form.SSE:
            return f"id: {state['seq']}\nevent: reset\ndata: {body}\n\n".encode()
        case Form.NDJSON:
            line = _merge('{"type":"reset"}', body)
            return f"{line}\n".encode()
        case Form.TEXT:
            return f"{reset_line(state['state'])}\n".encode()


def heartbeat(*, form: Form, state: str | None = None) -> bytes:
    """What keeps proxies from closing a quiet stream, and finds clients that are gone.

    A reader of NDJSON skips an empty line.
    """
    match form:
        case Form.SSE:
            return b": still here\n\n"
        case Form.NDJSON:
            return b"\n"
        case Form.TEXT:
            return f"{still_line(state)}\n".encode()


def farewell(*, retry_ms: int, form: Form) -> bytes:
    """The last words of a stream that ends before its feed: when to come back."""
    return f": come back\nretry: {retry_ms}\n\n".encode() if form is Form.SSE else b""


def task_row(body: str) -> bytes:
    """The row of one task for dashboards."""
    return f"event: task\ndata: {body}\n\n".encode()


def task_rows(rows: Sequence[bytes], *, cursor: str | None) -> bytes:
    """Rows for one dashboard. The cursor stands on the last, so that who has it has all of them; None: not yet."""
    if cursor is None:
        return b"".join(rows)
    identity = f"id: {cursor}\n".encode()
    if not rows:
        return identity + b": watching\n\n"
    return b"".join((*rows[:-1], identity, rows[-1]))


def reset_of_rows(*, cursor: str) -> bytes:
    """What tells a dashboard that rows are missing, so that it lists the tasks again."""
    return f"id: {cursor}\nevent: reset\ndata: {{}}\n\n".encode()


def chunk_of(events: Iterable[Event], *, form: Form, most_bytes: int) -> tuple[bytes, int]:
    """The first events up to a size, at least one if there is one, and the seq of the last; empty and 0 without any."""
    parts: list[bytes] = []
    size = seq = 0
    for event in events:
        data = event.encoded(form)
        if parts and size + len(data) > most_bytes:
            break
        parts.append(data)
        size += len(data)
        seq = event.seq
    return b"".join(parts), seq


def _merge(head: str, tail: str) -> str:
    """Two JSON objects as one on one line; a line end in JSON can only be white space between its parts."""
    whole = tail.replace("\n", " ").replace("\r", " ").strip()
    inner = whole[1:-1].strip() if whole.startswith("{") else f'"data":{whole}'
    return f"{head[:-1]},{inner}}}" if inner else head
