"""What a feed keeps in memory, and what it gives to watchers at different cursors."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.feed import CHUNK_BYTES, MOST_EVENTS, Feed, Standing
from gateway.wire import Event, Form, Progress

TASK = UUID("01a202b5-8cef-7353-8d14-238d59be2efc")
AT = datetime(2026, 11, 22, tzinfo=UTC)
PLENTY = 1 << 30


def event(seq: int, type_: str = "log", size: int = 10) -> Event:
    data = json.dumps({"message": "x" * size})
    return Event.from_row({"task": TASK, "seq": seq, "type": type_, "attempt": 1, "at": AT, "data": data})


def standing(last_seq: int, state: str = "running", *, lease: int = 1, version: int = 1) -> Standing:
    return Standing(tenant="default", state=state, version=version, lease=lease, last_seq=last_seq)


def feed(*events: Event, state: str = "running") -> Feed:
    made = Feed(TASK)
    made.stand(standing(events[-1].seq if events else 0, state))
    for each in events:
        made.add(each)
    made.is_read = True
    return made


def seqs(made: Feed, cursor: int) -> list[int]:
    return [each.seq for each in made.after(cursor)]


def test_a_cursor_gets_the_events_after_it() -> None:
    made = feed(*(event(seq) for seq in range(1, 6)))

    assert seqs(made, 0) == [1, 2, 3, 4, 5]
    assert seqs(made, 3) == [4, 5]
    assert seqs(made, 5) == []


def test_it_keeps_so_many_events_and_no_more() -> None:
    made = feed(*(event(seq) for seq in range(1, MOST_EVENTS + 11)))
    made.trim(most_bytes=PLENTY)

    assert made.first_seq == 11
    assert made.reaches_back_to(10)
    assert not made.reaches_back_to(9)


@given(sizes=st.lists(st.integers(0, 5_000), min_size=1, max_size=30), most=st.integers(0, 60_000))
def test_it_keeps_so_many_bytes_and_always_the_last_event(sizes: list[int], most: int) -> None:
    events = [event(seq, size=size) for seq, size in enumerate(sizes, 1)]
    made = feed(*events)
    made.trim(most_bytes=most)

    kept = list(made.after(made.first_seq - 1))
    assert kept == events[-len(kept) :]
    assert len(kept) == 1 or sum(each.cost for each in kept) <= most
    assert len(kept) == len(events) or sum(each.cost for each in events[-len(kept) - 1 :]) > most


def test_an_event_that_is_known_is_passed_over() -> None:
    made = feed(event(1), event(2))
    made.add(event(1))
    made.add(event(2))

    assert seqs(made, 0) == [1, 2]


def test_after_a_gap_it_begins_anew() -> None:
    made = feed(event(1), event(2), event(5))

    assert made.first_seq == 5
    assert not made.reaches_back_to(2)
    assert made.reaches_back_to(4)


def test_what_is_not_kept_anywhere_is_skipped() -> None:
    made = feed(event(1))
    made.stand(standing(9, "succeeded"))
    made.skip_to(9)

    assert (made.seq, made.first_seq, made.has_ended) == (9, 10, True)


@pytest.mark.parametrize("last", ["succeeded", "failed", "cancelled"])
def test_it_has_ended_with_its_final_event_and_not_before_that_was_read(last: str) -> None:
    made = feed(event(1), event(2))
    made.stand(standing(3, last))
    assert not made.has_ended
    made.add(event(3, last))
    assert made.has_ended


def test_a_task_that_is_asked_for_again_goes_on() -> None:
    made = feed(event(1), event(2, "failed"), state="failed")
    assert made.has_ended
    made.stand(standing(3, "queued"))
    assert not made.has_ended
    made.add(event(3, "queued"))
    assert not made.has_ended


def test_the_story_of_a_task_that_is_gone_has_ended() -> None:
    made = feed(event(1))
    made.stand(None)

    assert made.has_ended


def test_progress_is_given_once_after_the_events_and_only_the_latest() -> None:
    made = feed(event(1))
    for rev in range(1, 4):
        made.take_progress(Progress(rev, f'{{"fraction":0.{rev}}}'))

    chunk = made.next_chunk(0, 0, form=Form.NDJSON)
    assert chunk is not None
    assert [json.loads(line)["type"] for line in chunk.data.splitlines()] == ["log", "progress"]
    assert (chunk.seq, chunk.rev) == (1, 3)
    assert made.next_chunk(chunk.seq, chunk.rev, form=Form.NDJSON) is None


@pytest.mark.parametrize("now", [standing(2, "succeeded"), standing(2, "queued"), standing(2, lease=2), None])
def test_progress_of_an_attempt_that_is_over_is_not_given(now: Standing | None) -> None:
    made = feed(event(1))
    made.take_progress(Progress(1, "{}"))
    made.stand(now)

    assert made.progress is None
    assert made.next_chunk(1, 0, form=Form.SSE) is None


def test_a_chunk_keeps_to_its_size_and_the_progress_waits_for_the_last_event() -> None:
    made = feed(*(event(seq, size=20_000) for seq in range(1, 7)))
    made.take_progress(Progress(1, "{}"))
    cursor, rev, sizes = 0, 0, []
    while (chunk := made.next_chunk(cursor, rev, form=Form.SSE)) is not None:
        sizes.append(len(chunk.data))
        assert (b"progress" in chunk.data) == (chunk.seq == 6)
        cursor, rev = chunk.seq, chunk.rev

    assert (cursor, rev) == (6, 1)
    assert len(sizes) == 2
    assert max(sizes) <= CHUNK_BYTES


def test_those_at_the_same_cursor_share_the_bytes_until_there_is_news() -> None:
    made = feed(event(1), event(2))
    first = made.next_chunk(1, 0, form=Form.SSE)

    assert first is not None
    assert made.next_chunk(1, 0, form=Form.SSE) is first
    made.stand(standing(3))
    made.add(event(3))
    second = made.next_chunk(1, 0, form=Form.SSE)
    assert second is not None
    assert second.data.startswith(first.data)
    assert second.seq == 3


def test_a_version_that_grew_is_news_and_the_same_standing_is_none() -> None:
    made = feed(event(1))

    assert made.stand(standing(1, version=2))
    assert not made.stand(standing(1, version=2))
