"""UUIDs of version 7: what is in them, and their order."""

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.ids import first_id, unix_ms_of, uuid7

MOST_MS = 2**48 - 1


def test_an_id_has_the_time_at_which_it_was_made() -> None:
    before = time.time_ns() // 1_000_000
    identity = uuid7()

    assert (identity.version, identity.variant) == (7, RFC_4122)
    assert before <= unix_ms_of(identity) <= time.time_ns() // 1_000_000 + 1


def test_each_id_is_greater_than_the_one_before() -> None:
    made = [uuid7() for _ in range(20_000)]

    assert made == sorted(set(made))


def test_threads_get_ids_of_their_own_each_in_order() -> None:
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda _: [uuid7() for _ in range(2_000)], range(4)))

    assert len({identity for part in made for identity in part}) == 8_000
    assert all(part == sorted(part) for part in made)


def test_a_clock_that_is_set_back_makes_no_smaller_id(monkeypatch: pytest.MonkeyPatch) -> None:
    first = uuid7()
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000_000)

    assert first < uuid7() < uuid7()


@given(st.integers(0, MOST_MS))
def test_a_given_time_is_written_into_it(unix_ms: int) -> None:
    identity = uuid7(unix_ms=unix_ms)

    assert (unix_ms_of(identity), identity.version, identity.variant) == (unix_ms, 7, RFC_4122)


@given(st.integers(1, MOST_MS))
def test_the_first_id_of_a_millisecond_divides_those_before_from_the_rest(unix_ms: int) -> None:
    assert uuid7(unix_ms=unix_ms - 1) < first_id(unix_ms) <= uuid7(unix_ms=unix_ms)


@pytest.mark.parametrize("unix_ms", [-1, 2**48, 2**60])
def test_a_time_that_no_id_can_have_is_the_nearest_one(unix_ms: int) -> None:
    assert first_id(unix_ms) in {UUID(int=0), UUID(int=MOST_MS << 80)}
