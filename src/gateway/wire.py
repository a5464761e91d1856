"""What a feed looks like on the wire: one event in each of its forms, encoded once for all who watch it.

sse      text/event-stream     what browsers and most libraries read; `id` is the seq
ndjson   application/x-ndjson  one JSON object a line
text     text/plain            one line for a person at `curl -N`
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from sse_starlette import ServerSentEvent

from common.words import FINAL_EVENTS
from gateway.json_text import instant
from gateway.plain_text import end_line, event_line, progress_line

FINAL: Final = frozenset(event.value for event in FINAL_EVENTS)


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
        body: the whole event as one line of JSON.
        is_final: the task had ended with it.
    """

    seq: int
    type: str
    body: str
    _encoded: dict[Form, bytes] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Event":
        """A row of read_events.sql."""
        head = {"seq": row["seq"], "type": row["type"], "at": instant(row["at"]), "task": str(row["task"])}
        if row["attempt"] is not None:
            head["attempt"] = row["attempt"]
        return cls(seq=row["seq"], type=row["type"], body=_merge(json.dumps(head, separators=(",", ":")), row["data"]))

    @property
    def is_final(self) -> bool:
        """Whether the task had ended with it."""
        return self.type in FINAL

    def encoded(self, form: Form) -> bytes:
        """Its bytes in a form; made once."""
        if form not in self._encoded:
            self._encoded[form] = self._encode(form)
        return self._encoded[form]

    def _encode(self, form: Form) -> bytes:
        match form:
            case Form.SSE:
                return ServerSentEvent(self.body, event=self.type, id=str(self.seq), sep="\n").encode()
            case Form.NDJSON:
                return f"{self.body}\n".encode()
            case Form.TEXT:
                return f"{event_line(json.loads(self.body))}\n".encode()


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
        match form:
            case Form.SSE:
                return ServerSentEvent(_merge(f'{{"rev":{self.rev}}}', self.data), event="progress", sep="\n").encode()
            case Form.NDJSON:
                line = _merge(f'{{"type":"progress","rev":{self.rev}}}', self.data)
                return f"{line}\n".encode()
            case Form.TEXT:
                return f"{progress_line(json.loads(self.data))}\n".encode()


def end_of_feed(seq: int, *, form: Form) -> bytes:
    """What says that the story is over, after its last event."""
    match form:
        case Form.SSE:
            return ServerSentEvent(f'{{"seq":{seq}}}', event="end", sep="\n").encode()
        case Form.NDJSON:
            return f'{{"type":"end","seq":{seq}}}\n'.encode()
        case Form.TEXT:
            return f"{end_line()}\n".encode()


def reset_of_feed(state: Mapping[str, Any], *, form: Form) -> bytes:
    """What says that the cursor is none of this feed's, with the present state, from which the watcher goes on."""
    body = json.dumps(state, separators=(",", ":"))
    match form:
        case Form.SSE:
            return ServerSentEvent(body, event="reset", id=str(state["seq"]), sep="\n").encode()
        case Form.NDJSON:
            line = _merge('{"type":"reset"}', body)
            return f"{line}\n".encode()
        case Form.TEXT:
            return f"the story before is not known here; the task is {state['state']} now\n".encode()


def heartbeat(*, form: Form) -> bytes:
    """What keeps proxies from closing a quiet stream; empty where a form has no room for it."""
    return b": still here\n\n" if form is Form.SSE else b""


def farewell(*, retry_ms: int, form: Form) -> bytes:
    """The last words of a stream that ends before its feed: when to come back."""
    return f": come back\nretry: {retry_ms}\n\n".encode() if form is Form.SSE else b""


def task_rows(bodies: Iterable[str], *, cursor: str) -> bytes:
    """Rows of tasks for a dashboard, with the cursor that they bring it to; without rows only the cursor is told."""
    rows = [ServerSentEvent(body, event="task", id=cursor, sep="\n").encode() for body in bodies]
    return b"".join(rows) or ServerSentEvent(id=cursor, comment="watching", sep="\n").encode()


def _merge(head: str, tail: str) -> str:
    """Two JSON objects as one on one line; a newline in JSON can only be white space."""
    inner = tail.replace("\n", " ").strip()[1:-1].strip()
    return f"{head[:-1]},{inner}}}" if inner else head
