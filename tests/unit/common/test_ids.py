import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.ids import first_id, new_dataset_id, new_processor_id, new_task_id, unix_ms_of, uuid7

MILLISECONDS = st.integers(0, 2**48 - 1)


@given(unix_ms=MILLISECONDS)
def test_an_id_is_a_uuid_of_version_7_that_tells_its_time(unix_ms: int) -> None:
    identity = uuid7(unix_ms=unix_ms)

    assert (identity.version, identity.variant) == (7, "specified in RFC 4122")
    assert unix_ms_of(identity) == unix_ms


@given(times=st.tuples(MILLISECONDS, MILLISECONDS).filter(lambda times: times[0] != times[1]))
def test_ids_sort_by_time(times: tuple[int, int]) -> None:
    earlier, later = sorted(times)

    assert uuid7(unix_ms=earlier) < uuid7(unix_ms=later)


def test_ids_of_one_millisecond_differ() -> None:
    assert len({uuid7(unix_ms=1) for _ in range(10_000)}) == 10_000


def test_everything_gets_ids_of_its_own() -> None:
    made: set[UUID] = {new_task_id(), new_dataset_id(), new_processor_id()}

    assert len(made) == 3
    assert all(identity.version == 7 for identity in made)


def test_an_id_has_the_time_at_which_it_was_made() -> None:
    before = time.time_ns() // 1_000_000

    assert before <= unix_ms_of(uuid7()) <= time.time_ns() // 1_000_000 + 1


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


@given(st.integers(1, 2**48 - 1))
def test_the_first_id_of_a_millisecond_divides_those_before_from_the_rest(unix_ms: int) -> None:
    assert uuid7(unix_ms=unix_ms - 1) < first_id(unix_ms) <= uuid7(unix_ms=unix_ms)


@pytest.mark.parametrize(("unix_ms", "nearest"), [(-1, 0), (2**48, 2**48 - 1), (2**60, 2**48 - 1)])
def test_a_time_that_no_id_can_have_is_the_nearest_one(unix_ms: int, nearest: int) -> None:
    assert unix_ms_of(first_id(unix_ms)) == nearest
