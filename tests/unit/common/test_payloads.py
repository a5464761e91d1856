from hypothesis import given
from hypothesis import strategies as st

from common.notifier import PAYLOAD_BYTES, payloads

WORDS = st.lists(
    st.text(st.characters(exclude_characters=",", exclude_categories=["Cs"]), min_size=1, max_size=300), max_size=60
)


@given(words=WORDS)
def test_payloads_hold_every_word_in_order_and_are_small_enough_for_postgres(words: list[str]) -> None:
    split = list(payloads(words))

    assert ",".join(split) == ",".join(words)
    assert all(len(payload.encode()) <= PAYLOAD_BYTES for payload in split)


def test_bytes_are_counted_and_not_letters() -> None:
    split = list(payloads(["ü" * 100] * 50))  # 5,049 letters, 10,049 bytes

    assert [len(payload.encode()) for payload in split] == [39 * 201 - 1, 11 * 201 - 1]


def test_the_ids_of_a_thousand_tasks_take_five_payloads() -> None:
    assert len(list(payloads(f"{number:036}" for number in range(1000)))) == 5


def test_no_words_are_no_payload() -> None:
    assert list(payloads([])) == []
