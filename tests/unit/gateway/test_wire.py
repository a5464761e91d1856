"""The forms on the wire, whatever an analysis tells."""

import json
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import wire
from gateway.wire import Event, Form, Progress, chunk_of
from helpers.event_stream import EventStreamParser

TASK = UUID("01a202b5-8cef-7353-8d14-238d59be2efc")
AT = datetime(2026, 11, 22, 10, 3, 2, tzinfo=UTC)
NOT_FOR_A_TERMINAL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")

TEXTS = st.text(st.characters(codec=None, exclude_categories=())) | st.sampled_from(
    ["two\nlines", "\r\n\r\nid: 9\n\n", "\x1b[2J\x07", "\u2028\u202e\x85", "\ud800", '"\\\x00']
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["level", "message", "error", "estimate", "result", "result_url", "processor"]) | TEXTS
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=4)
TYPES = st.sampled_from(["queued", "started", "log", "partial", "retrying", "succeeded", "failed", "cancelled"])
PROGRESS_NAMES = st.sampled_from(["phase", "fraction", "rows", "rate", "eta_s"]) | TEXTS
INDENTS = st.sampled_from([None, 0, 2, "\t"])


def event(type_: str = "log", data: str = "{}", *, seq: int = 7, attempt: int | None = None) -> Event:
    return Event.from_row({"task": TASK, "seq": seq, "type": type_, "attempt": attempt, "at": AT, "data": data})


def line_of(data: bytes) -> str:
    """The one line that these bytes are, for a person."""
    text = data.decode()
    assert text.endswith("\n")
    assert not NOT_FOR_A_TERMINAL.search(text[:-1])
    return text[:-1]


@given(type_=TYPES, data=OBJECTS, indent=INDENTS)
def test_an_event_is_one_block_one_line_of_json_and_one_line_of_text(
    type_: str, data: dict[str, Any], indent: int | str | None
) -> None:
    told = event(type_, json.dumps(data, indent=indent))

    [block] = EventStreamParser().feed(told.encoded(Form.SSE))
    line = told.encoded(Form.NDJSON).decode()
    line_of(told.encoded(Form.TEXT))

    assert (block.id, block.event) == ("7", type_)
    assert block.data == json.loads(line)
    assert line.count("\n") == 1
    assert "\r" not in line
    for name, value in data.items():
        assert block.data[name] == value


@given(data=st.dictionaries(PROGRESS_NAMES, VALUES, max_size=5), indent=INDENTS)
def test_progress_has_no_id_in_any_form(data: dict[str, Any], indent: int | str | None) -> None:
    progress = Progress(3, json.dumps(data, indent=indent))

    [block] = EventStreamParser().feed(progress.encoded(Form.SSE))
    line = json.loads(progress.encoded(Form.NDJSON))
    line_of(progress.encoded(Form.TEXT))

    assert (block.id, block.event) == (None, "progress")
    assert line["type"] == data.get("type", "progress")
    assert {"rev": 3, **data} == block.data


@pytest.mark.parametrize("data", ["[1]", '"text"', "null", "7"])
def test_what_is_no_object_is_told_all_the_same(data: str) -> None:
    [block] = EventStreamParser().feed(event(data=data).encoded(Form.SSE))

    assert block.data["data"] == json.loads(data)


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (event("queued"), "10:03:02  queued"),
        (event("started", '{"processor":"p-1"}', attempt=2), "10:03:02  started     attempt 2 on p-1"),
        (event("log", '{"level":"info","message":"a\\u001b[2Jb\\nc"}'), "10:03:02  log         info: a�[2Jb c"),
        (event("partial", '{"estimate":true,"result":{}}'), "10:03:02  partial     a first estimate"),
        (event("partial", '{"estimate":false,"result":{}}'), "10:03:02  partial     a partial result"),
        (event("partial", json.dumps({"result": "x" * 100_000})), "10:03:02  partial     a partial result"),
        (
            event("failed", '{"error":{"code":"c","message":"m","advice":"a"}}'),
            "10:03:02  failed      c: m a",
        ),
        (event("failed", '{"error":[1]}'), "10:03:02  failed"),
        (event("succeeded", '{"result_url":"/v1"}'), "10:03:02  succeeded   /v1"),
    ],
)
def test_a_person_reads(told: Event, line: str) -> None:
    assert line_of(told.encoded(Form.TEXT)) == line


@pytest.mark.parametrize(
    ("progress", "line"),
    [
        (
            {"phase": "scan", "fraction": 0.5, "rows": 1_900_000, "rate": 1234.5, "eta_s": 3.1},
            "[############------------]  50%  scan  1,900,000 rows  1,234/s  eta 3.1 s",
        ),
        ({"phase": "sort", "fraction": None}, "[························]   ?%  sort"),
        ({"phase": "x", "fraction": 7, "rows": "many", "eta_s": True}, "[########################] 100%  x"),
        ({"fraction": -1, "rate": 10**400}, "[------------------------]   0%  "),
    ],
)
def test_a_person_sees_how_far_it_is(progress: dict[str, Any], line: str) -> None:
    assert line_of(Progress(1, json.dumps(progress)).encoded(Form.TEXT)) == line


def test_a_line_for_a_person_has_an_end() -> None:
    line = line_of(event("log", json.dumps({"message": "x" * 50_000})).encoded(Form.TEXT))

    assert len(line) < 5_000


@pytest.mark.parametrize("form", Form)
def test_every_form_is_encoded_once(form: Form) -> None:
    told = event()

    assert told.encoded(form) is told.encoded(form)


def test_a_chunk_has_at_least_one_event_and_else_keeps_to_its_size() -> None:
    events = [event(data=json.dumps({"message": "x" * 100}), seq=seq) for seq in range(1, 6)]
    size = len(events[0].encoded(Form.NDJSON))

    assert chunk_of(events, form=Form.NDJSON, most_bytes=1)[1] == 1
    assert chunk_of(events, form=Form.NDJSON, most_bytes=3 * size)[1] == 3
    assert chunk_of(events, form=Form.NDJSON, most_bytes=10**6)[1] == 5
    assert chunk_of([], form=Form.NDJSON, most_bytes=1) == (b"", 0)


def test_of_rows_the_last_has_the_cursor() -> None:
    rows = [wire.task_row(json.dumps({"n": n})) for n in range(3)]

    blocks = EventStreamParser().feed(wire.task_rows(rows, cursor="now"))
    assert [block.id for block in blocks] == [None, None, "now"]
    assert [block.data["n"] for block in blocks] == [0, 1, 2]
    assert [block.id for block in EventStreamParser().feed(wire.task_rows(rows, cursor=None))] == [None] * 3
    assert [block.id for block in EventStreamParser().feed(wire.task_rows([], cursor="now"))] == ["now"]


@pytest.mark.parametrize(
    "words",
    [
        wire.end_of_feed(4, form=Form.SSE),
        wire.reset_of_feed({"seq": 4, "state": "running"}, form=Form.SSE),
        wire.heartbeat(form=Form.SSE),
        wire.farewell(retry_ms=300, form=Form.SSE),
        wire.first_words(retry_ms=300, form=Form.SSE) + wire.heartbeat(form=Form.SSE),
        wire.reset_of_rows(cursor="now"),
    ],
)
def test_what_is_said_between_the_events_is_grammar_too(words: bytes) -> None:
    parser = EventStreamParser()

    assert len(parser.feed(words)) == 1
    parser.end()
