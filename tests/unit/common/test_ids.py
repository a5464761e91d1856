from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from common.ids import new_dataset_id, new_processor_id, new_task_id, uuid7

MILLISECONDS = st.integers(0, 2**48 - 1)


@given(unix_ms=MILLISECONDS)
def test_an_id_is_a_uuid_of_version_7_that_tells_its_time(unix_ms: int) -> None:
    identity = uuid7(unix_ms=unix_ms)

    assert (identity.version, identity.variant) == (7, "specified in RFC 4122")
    assert identity.int >> 80 == unix_ms


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
