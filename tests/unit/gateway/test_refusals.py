"""How many entries of the audit keys make that let nobody in."""

from collections.abc import Sequence

from gateway.audit_entry import Entry
from gateway.refusals import MOST_ADDRESSES, MOST_NAMED, WINDOW_S, Refusals


def refusal(said: str | None, address: str | None = "10.0.0.1") -> Entry:
    return Entry(action="login.refused", object=said, address=address)


def told(entries: Sequence[Entry]) -> list[tuple[str | None, str | None, int]]:
    return [(entry.object, entry.address, entry.detail["times"]) for entry in entries]


def test_the_first_is_told_at_once_and_the_rest_once_a_window() -> None:
    refusals = Refusals()
    refusals.add(refusal("a"))
    first = refusals.due(100.0)
    for _ in range(1_000):
        refusals.add(refusal("a"))
    meanwhile, then = refusals.due(100.0 + WINDOW_S - 1), refusals.due(100.0 + WINDOW_S)

    assert (told(first), told(meanwhile), told(then)) == ([("a", "10.0.0.1", 1)], [], [("a", "10.0.0.1", 1_000)])


def test_ids_and_addresses_have_counts_of_their_own() -> None:
    refusals = Refusals()
    for said, last in (("a", 1), ("a", 2), ("b", 1), (None, 1), (None, 1)):
        refusals.add(refusal(said, f"10.0.0.{last}"))

    assert told(refusals.due(0.0)) == [
        ("a", "10.0.0.1", 1), ("a", "10.0.0.2", 1), ("b", "10.0.0.1", 1), (None, "10.0.0.1", 2)
    ]  # fmt: skip


def test_what_finds_no_room_is_counted_together_and_nothing_is_lost() -> None:
    refusals = Refusals()
    for number in range(1_000):
        refusals.add(refusal(None, f"10.0.{number // 256}.{number % 256}"))
        refusals.add(refusal(f"id {number}"))
    entries = told(refusals.due(0.0))

    assert len(entries) == MOST_ADDRESSES + MOST_NAMED + 1
    assert (None, None, 2_000 - MOST_ADDRESSES - MOST_NAMED) in entries
    assert sum(times for _, _, times in entries) == 2_000


def test_strangers_take_no_room_from_keys_that_are_there() -> None:
    refusals = Refusals()
    for number in range(1_000):
        refusals.add(refusal(None, f"10.0.{number // 256}.{number % 256}"))
    refusals.add(refusal("a"))

    assert ("a", "10.0.0.1", 1) in told(refusals.due(0.0))


def test_who_has_stopped_makes_room() -> None:
    refusals = Refusals()
    for number in range(MOST_ADDRESSES):
        refusals.add(refusal(None, f"10.0.0.{number}"))
    refusals.due(0.0)
    refusals.due(WINDOW_S)
    was_empty = refusals.is_empty
    refusals.add(refusal(None, "10.0.1.1"))

    assert was_empty
    assert told(refusals.due(WINDOW_S)) == [(None, "10.0.1.1", 1)]


def test_the_rest_is_all_that_was_not_told() -> None:
    refusals = Refusals()
    refusals.add(refusal("a"))
    refusals.due(0.0)
    refusals.add(refusal("a"))
    refusals.add(refusal("b"))

    assert told(refusals.rest()) == [("a", "10.0.0.1", 1), ("b", "10.0.0.1", 1)]
    assert refusals.is_empty
