"""What a server of event streams owes its clients, as tests that drive any server at a URL.

To test one, subclass `StreamConformance` and give it two fixtures. `subject` is a server with a heartbeat below a
second, a limit of four streams a caller, and somebody who tells it stories; all tests may share it. `doomed` is
another, of which each test gets its own to stop.
"""

import json
import re
from collections.abc import Sequence
from typing import Final, Protocol

import pytest

from helpers.event_stream import Block, EventStream
from helpers.raw_http import Connection, CutError, connected_to

LIMIT_PER_CALLER: Final = 4
FORMS: Final = ("text/event-stream", "application/x-ndjson", "text/plain")
ENDS: Final = {'data: {"seq":3}', '{"type":"end","seq":3}', "the end"}
NOT_FOR_A_TERMINAL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
HOSTILE: Final = (
    "two\nlines",
    "id: 99\n\nevent: forged\ndata: {}\n\n",
    "\r\rretry: 1\r\n",
    "\x1b[2J\x1b]0;title\x07 bell",
    "\u2028\u202e\x85 right to left",
    'quote " backslash \\ null \x00',
    "half a character \ud800",
    "",
    "x" * 100_000,
)


class Story(Protocol):
    """A story that is being told; everything told stands in the server's database when the call returns."""

    @property
    def path(self) -> str:
        """Of its feed."""

    async def tell(self, *messages: str) -> None:
        """Go on, one event each."""

    def progress(self, fraction: float) -> None:
        """Tell the present progress."""

    async def end(self) -> None:
        """Tell the last event."""

    async def forget(self, up_to: int) -> None:
        """Remove the first events, as retention does."""


class Subject(Protocol):
    """The server."""

    @property
    def url(self) -> str:
        """Where it is."""

    async def story(self) -> Story:
        """A story of two events that goes on."""

    async def stop(self) -> None:
        """Ask it to stop, and wait until it has."""


async def told(subject: Subject, path: str, **headers: str) -> list[Block]:
    """The events of a stream, to its end."""
    async with connected_to(subject.url) as connection:
        return await (await EventStream.open(connection, path, **headers)).events()


async def whole(subject: Subject, path: str, **headers: str) -> tuple[int, str]:
    """Status and body of an answer, to its end."""
    async with connected_to(subject.url) as connection:
        answer = await connection.get(path, **headers)
        return answer.status, (await answer.body()).decode()


def ids(blocks: Sequence[Block]) -> list[int]:
    return [int(block.id) for block in blocks if block.id is not None]


def without_retry(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("retry: ")]


def last_line(text: str) -> str:
    return text.rstrip("\n").split("\n")[-1]


def names(blocks: Sequence[Block]) -> list[str | None]:
    return [block.event for block in blocks]


async def ended_story(subject: Subject, events: int = 6) -> str:
    """The path of a story of so many events that has ended."""
    story = await subject.story()
    await story.tell(*(f"line {number}" for number in range(events - 3)))
    await story.end()
    return story.path


class StreamConformance:
    """The tests."""

    async def test_the_head_keeps_caches_and_proxies_from_holding_the_stream_back(self, subject: Subject) -> None:
        story = await subject.story()
        async with connected_to(subject.url) as connection:
            answer = await connection.get(story.path, accept="text/event-stream")

        assert answer.status == 200
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-accel-buffering"] == "no"
        assert answer.headers["transfer-encoding"] == "chunked"
        assert answer.headers.keys().isdisjoint({"content-length", "connection", "content-encoding"})

    async def test_a_story_is_told_to_its_end(self, subject: Subject) -> None:
        events = await told(subject, await ended_story(subject))

        assert names(events) == ["queued", "started", "log", "log", "log", "succeeded", "end"]
        assert ids(events) == [1, 2, 3, 4, 5, 6]
        assert [event.data["seq"] for event in events] == [1, 2, 3, 4, 5, 6, 6]
        assert events[-1].id is None

    async def test_what_happens_is_told_while_it_happens(self, subject: Subject) -> None:
        story = await subject.story()
        async with connected_to(subject.url) as connection:
            stream = await EventStream.open(connection, story.path)
            for number in range(3, 6):
                await story.tell(f"line {number}")
                assert (await stream.event("log")).data["message"] == f"line {number}"
            story.progress(0.5)
            progress = await stream.event("progress")
            await story.end()
            rest = await stream.events()

        assert progress.id is None
        assert progress.data["fraction"] == 0.5
        assert names(rest) == ["succeeded", "end"]
        assert ids([block for block in stream.seen if block.id]) == [1, 2, 3, 4, 5, 6]

    async def test_the_time_to_come_back_is_told_at_once_and_differs(self, subject: Subject) -> None:
        path = await ended_story(subject)
        times = [(await told(subject, path))[0].retry for _ in range(12)]

        assert all(time is not None and 200 <= time <= 10_000 for time in times)
        assert len(set(times)) > 1

    @pytest.mark.parametrize("form", FORMS)
    async def test_a_quiet_stream_says_now_and_then_that_it_lives(self, subject: Subject, form: str) -> None:
        story = await subject.story()
        async with connected_to(subject.url) as connection:
            answer = await connection.get(f"{story.path}?after=2", accept=form)
            pieces = [await answer.read() for _ in range(3)]

        assert all(piece.strip() or form == "application/x-ndjson" for piece in pieces)
        assert b"event:" not in b"".join(pieces)

    @pytest.mark.parametrize("cursor", range(7))
    async def test_a_client_that_comes_back_gets_what_it_lacks_and_no_more(self, subject: Subject, cursor: int) -> None:
        path = await ended_story(subject, events=7)

        by_header = await told(subject, path, last_event_id=str(cursor))
        by_query = await told(subject, f"{path}?after={cursor}")
        by_both = await told(subject, f"{path}?after=1", last_event_id=str(cursor))

        assert ids(by_header) == ids(by_query) == ids(by_both) == list(range(cursor + 1, 8))
        assert names(by_header)[-2:] == ["succeeded", "end"]

    async def test_a_client_that_comes_back_to_a_story_that_goes_on_gets_the_present_progress(
        self, subject: Subject
    ) -> None:
        story = await subject.story()
        async with connected_to(subject.url) as connection:
            stream = await EventStream.open(connection, story.path)
            story.progress(0.25)
            await stream.event("progress")
        await story.tell("while away")
        async with connected_to(subject.url) as connection:
            again = await EventStream.open(connection, story.path, last_event_id=stream.last_event_id or "")
            events = sorted([await again.event(), await again.event()], key=lambda block: block.event or "")

        assert names(events) == ["log", "progress"]
        assert events[1].data["fraction"] == 0.25

    async def test_a_cursor_from_the_future_is_reset_to_the_present(self, subject: Subject) -> None:
        story = await subject.story()
        async with connected_to(subject.url) as connection:
            stream = await EventStream.open(connection, story.path, last_event_id="4000")
            reset = await stream.event()
            await story.tell("next")
            following = await stream.event()

        assert (reset.event, reset.id, reset.data["state"]) == ("reset", "2", "running")
        assert (following.event, following.id) == ("log", "3")

    async def test_a_cursor_from_the_future_of_a_story_that_has_ended_is_reset_to_its_end(
        self, subject: Subject
    ) -> None:
        events = await told(subject, await ended_story(subject), last_event_id="4000")

        assert names(events) == ["reset", "end"]
        assert events[0].data["state"] == "succeeded"

    @pytest.mark.parametrize("cursor", ["0", "2"])
    async def test_a_cursor_older_than_what_is_kept_is_reset_to_the_oldest(self, subject: Subject, cursor: str) -> None:
        story = await subject.story()
        await story.tell("three", "four", "five")
        await story.forget(up_to=4)
        await story.end()

        events = await told(subject, story.path, last_event_id=cursor)

        assert names(events) == ["reset", "log", "succeeded", "end"]
        assert ids(events) == [4, 5, 6]

    async def test_a_story_of_which_nothing_is_kept_is_reset_to_its_end(self, subject: Subject) -> None:
        story = await subject.story()
        await story.end()
        await story.forget(up_to=3)

        assert names(await told(subject, story.path)) == ["reset", "end"]

    async def test_who_has_the_end_is_told_to_stay_away(self, subject: Subject) -> None:
        path = await ended_story(subject)

        assert await whole(subject, path, accept="text/event-stream", last_event_id="6") == (204, "")
        assert (await whole(subject, path, accept="text/event-stream", last_event_id="5"))[0] == 200

    async def test_a_story_that_ends_while_a_client_is_away_is_told_to_its_end(self, subject: Subject) -> None:
        story = await subject.story()
        async with connected_to(subject.url) as connection:
            stream = await EventStream.open(connection, story.path)
            await stream.event("started")
        await story.end()

        assert names(await told(subject, story.path, last_event_id=stream.last_event_id or "")) == ["succeeded", "end"]

    @pytest.mark.parametrize("form", FORMS)
    async def test_head_has_the_headers_and_no_stream(self, subject: Subject, form: str) -> None:
        story = await subject.story()
        async with connected_to(subject.url) as connection:
            await connection.request(story.path, method="HEAD", headers={"accept": form})
            head = await connection.answer(method="HEAD")
            same = await connection.get(f"{story.path}?follow=0", accept=form)
            await same.body()

        assert head.status == 200
        assert head.headers["content-type"] == same.headers["content-type"] == f"{form}; charset=utf-8"

    async def test_lines_of_json_tell_the_same_story(self, subject: Subject) -> None:
        path = await ended_story(subject)
        blocks = await told(subject, path)
        async with connected_to(subject.url) as connection:
            answer = await connection.get(path, accept="application/x-ndjson")
            text = (await answer.body()).decode()

        lines = [line for line in text.split("\n") if line]
        assert text.endswith("\n")
        assert [json.loads(line) for line in lines[:-1]] == [block.data for block in blocks[:-1]]
        assert lines[-1] == '{"type":"end","seq":6}'

    async def test_a_person_gets_a_line_an_event(self, subject: Subject) -> None:
        _, text = await whole(subject, await ended_story(subject), accept="text/plain")

        *lines, nothing = text.split("\n")
        assert nothing == ""
        assert [line.split()[1] for line in lines] == ["queued", "started", "log", "log", "log", "succeeded", "end"]
        assert lines[2].endswith("info: line 0")

    @pytest.mark.parametrize("form", FORMS)
    async def test_hostile_text_stays_where_it_belongs(self, subject: Subject, form: str) -> None:
        story = await subject.story()
        await story.tell(*HOSTILE)
        await story.end()
        async with connected_to(subject.url) as connection:
            text = (await (await connection.get(story.path, accept=form)).body()).decode()

        if form == "text/plain":
            assert not NOT_FOR_A_TERMINAL.search(text)
            assert text.count("\n") == 2 + len(HOSTILE) + 2
        else:
            blocks = await told(subject, story.path)
            assert [block.data["message"] for block in blocks if block.event == "log"] == list(HOSTILE)
            assert "forged" not in names(blocks)

    @pytest.mark.parametrize("form", FORMS)
    async def test_a_client_that_does_not_follow_gets_the_history_and_the_end_of_the_answer(
        self, subject: Subject, form: str
    ) -> None:
        story = await subject.story()
        story.progress(0.5)
        status, running = await whole(subject, f"{story.path}?follow=0", accept=form)
        await story.end()
        _, ended = await whole(subject, f"{story.path}?follow=0", accept=form)

        assert status == 200
        assert "started" in running
        assert last_line(running) not in ENDS
        assert last_line(ended) in ENDS

    @pytest.mark.parametrize(
        ("accept", "form"),
        [
            ("*/*", "text/event-stream"),
            ("text/html,application/xhtml+xml,*/*;q=0.8", "text/event-stream"),
            ("text/event-stream;q=0.5, application/x-ndjson", "application/x-ndjson"),
            ("text/*, text/event-stream;q=0", "text/plain"),
            ("APPLICATION/X-NDJSON", "application/x-ndjson"),
        ],
    )
    async def test_the_form_is_what_the_client_likes_best(self, subject: Subject, accept: str, form: str) -> None:
        path = await ended_story(subject)
        async with connected_to(subject.url) as connection:
            answer = await connection.get(path, accept=accept)

        assert answer.headers["content-type"] == f"{form}; charset=utf-8"

    @pytest.mark.parametrize(
        ("query", "headers", "status"),
        [
            ("?after=-1", {}, 422),
            ("?after=1.5", {}, 422),
            ("?after=99999999999", {}, 422),
            ("?after=%D9%A1", {}, 422),
            ("", {"last_event_id": "abc"}, 422),
            ("?follow=yes", {}, 422),
            ("", {"accept": "application/xml"}, 406),
        ],
    )
    async def test_what_cannot_be_read_is_refused(
        self, subject: Subject, query: str, headers: dict[str, str], status: int
    ) -> None:
        path = await ended_story(subject)
        async with connected_to(subject.url) as connection:
            answer = await connection.get(f"{path}{query}", **headers)
            problem = await answer.json()

        assert answer.status == problem["status"] == status
        assert answer.headers["content-type"] == "application/problem+json"

    async def test_a_request_with_a_body_is_refused(self, subject: Subject) -> None:
        path = await ended_story(subject)
        async with connected_to(subject.url) as connection:
            await connection.request(path, body=b"x")
            answer = await connection.answer()

        assert answer.status == 400

    async def test_the_connection_serves_the_next_request_after_the_end(self, subject: Subject) -> None:
        path = await ended_story(subject)
        async with connected_to(subject.url) as connection:
            for _ in range(3):
                assert len(await (await EventStream.open(connection, path)).events()) == 7

    async def test_a_request_that_was_sent_ahead_is_served_after_the_end(self, subject: Subject) -> None:
        story = await subject.story()
        async with connected_to(subject.url) as connection:
            stream = await EventStream.open(connection, story.path)
            await connection.request("/healthz")
            await story.end()
            await stream.events()
            ahead = await connection.answer()

            assert ahead.status == 200
            assert await ahead.body()

    @pytest.mark.parametrize("form", FORMS)
    async def test_a_client_of_http_1_0_gets_the_story_without_chunks_and_then_the_end_of_the_connection(
        self, subject: Subject, form: str
    ) -> None:
        path = await ended_story(subject)
        head = f"GET {path} HTTP/1.0\r\nhost: localhost\r\naccept: {form}\r\nconnection: keep-alive\r\n\r\n"
        async with connected_to(subject.url) as connection:
            await connection.send(head.encode())
            while await connection.read():
                pass
            received, _, body = bytes(connection.received).decode().partition("\r\n\r\n")
        _, same = await whole(subject, path, accept=form)

        assert received.startswith("HTTP/1.1 200 ")
        assert "transfer-encoding" not in received
        assert "connection: close" in received
        assert without_retry(body) == without_retry(same)

    async def test_a_client_of_too_many_streams_is_told_when_to_come_back_and_nobody_else_suffers(
        self, subject: Subject
    ) -> None:
        story = await subject.story()
        streams: list[Connection] = []
        for _ in range(LIMIT_PER_CALLER):
            streams.append(await Connection.open(subject.url))
            await EventStream.open(streams[-1], story.path)
        async with connected_to(subject.url) as connection:
            refused = await connection.get(story.path)
            problem = await refused.json()
            healthy = await connection.get("/healthz")
            await healthy.body()
        for each in streams:
            each.close()
        await story.end()

        assert (refused.status, problem["code"]) == (429, "too_many_streams")
        assert int(refused.headers["retry-after"]) > 0
        assert healthy.status == 200
        assert names(await told(subject, story.path))[-1] == "end"

    @pytest.mark.parametrize("form", FORMS)
    async def test_a_server_that_stops_says_farewell_and_ends_the_answer_in_order(
        self, doomed: Subject, form: str
    ) -> None:
        story = await doomed.story()
        async with connected_to(doomed.url) as connection:
            answer = await connection.get(story.path, accept=form)
            received = await answer.read()
            await doomed.stop()
            received += await answer.body()
            closed = await connection.is_closed_by_server()

        assert answer.is_over
        assert closed
        last = received.decode().split("\n\n")[-2] if form == "text/event-stream" else "retry: 200"
        assert re.search(r"^retry: [0-9]{3,5}$", last, re.MULTILINE)

    async def test_a_client_that_was_told_farewell_is_not_refused_by_the_server_that_stops(
        self, doomed: Subject
    ) -> None:
        story = await doomed.story()
        async with connected_to(doomed.url) as connection:
            stream = await EventStream.open(connection, story.path)
            await stream.event("started")
            await doomed.stop()
            assert await stream.events() == []
            with pytest.raises((CutError, ConnectionError)):
                await connection.get(story.path)
