import random

from hypothesis import given
from hypothesis import strategies as st

from common.backoff import backoff, jittered

SEEDS = st.integers(0, 2**32)
SECONDS = st.floats(min_value=0.001, max_value=1000)


@given(attempt=st.integers(1, 10_000), first=SECONDS, most=SECONDS, seed=SEEDS)
def test_a_wait_is_in_the_upper_half_of_its_ceiling(attempt: int, first: float, most: float, seed: int) -> None:
    ceiling = min(most, first * 2.0 ** min(attempt - 1, 30))

    assert ceiling / 2 <= backoff(attempt, first=first, most=most, rng=random.Random(seed)) <= ceiling


def test_the_ceiling_doubles_until_the_most() -> None:
    longest = [backoff(attempt, first=1, most=10, rng=AlwaysHighest()) for attempt in range(1, 7)]

    assert longest == [1, 2, 4, 8, 10, 10]


@given(interval=SECONDS, seed=SEEDS)
def test_a_jittered_interval_stays_near_its_length(interval: float, seed: int) -> None:
    assert interval * 0.799 <= jittered(interval, rng=random.Random(seed)) <= interval * 1.201


def test_two_who_failed_together_do_not_come_back_together() -> None:
    assert len({backoff(1, first=1, most=10) for _ in range(20)}) == 20
    assert len({jittered(1) for _ in range(20)}) == 20


class AlwaysHighest(random.Random):
    def random(self) -> float:
        return 1.0
