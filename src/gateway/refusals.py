"""Keys that let nobody in, counted so that whoever tries them makes few entries of the audit, whatever they send.

They are counted by the id that they name and the address that they come from; ids that stand for nothing, of which
anybody can make up any number, by the address alone. The first of each count is told at once, all that follow once a
`WINDOW_S`. There is room for so many counts; what finds none is counted together, without an address.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.audit_entry import Entry

WINDOW_S: Final = 60.0
MOST_ADDRESSES: Final = 100  # that sent ids which stand for nothing
MOST_NAMED: Final = 100  # ids with the addresses that sent them

Place = tuple[str | None, str | None]  # id and address
ELSEWHERE: Final[Place] = (None, None)


@dataclass(slots=True)
class _Count:
    """Refusals that have something in common.

    Attributes:
        entry: the latest, which stands for all that were not told of.
        times: how many those are.
        quiet_until: when they may be told of, in seconds of the monotonic clock.
    """

    entry: Entry
    times: int = 0
    quiet_until: float = float("-inf")

    def told(self, *, quiet_until: float) -> Entry:
        """The entry that tells of them."""
        entry = replace(self.entry, detail={"times": self.times})
        self.times, self.quiet_until = 0, quiet_until
        return entry


class Refusals:
    """Counts them."""

    def __init__(self) -> None:
        self._counts: dict[Place, _Count] = {}

    @property
    def is_empty(self) -> bool:
        """Nothing is counted."""
        return not self._counts

    def add(self, entry: Entry) -> None:
        """One more; its object is the id that it named, None if that stands for nothing."""
        place = self._place(entry)
        if place == ELSEWHERE:
            entry = replace(entry, object=None, address=None, tenant=None, actor=None, name=None, request=None)
        count = self._counts.setdefault(place, _Count(entry))
        count.entry = entry
        count.times += 1

    def due(self, now: float) -> Sequence[Entry]:
        """What is to be told by now; told once."""
        over = {place: count for place, count in self._counts.items() if count.quiet_until <= now}
        for place, count in over.items():
            if not count.times:
                del self._counts[place]
        return [count.told(quiet_until=now + WINDOW_S) for count in over.values() if count.times]

    def rest(self) -> Sequence[Entry]:
        """All that was not told, and is told now; nothing stays counted."""
        counts, self._counts = self._counts, {}
        return [count.told(quiet_until=float("inf")) for count in counts.values() if count.times]

    def _place(self, entry: Entry) -> Place:
        place = (entry.object, entry.address)
        if place in self._counts:
            return place
        most = MOST_ADDRESSES if entry.object is None else MOST_NAMED
        taken = sum((said is None) == (entry.object is None) for said, _ in self._counts)
        return place if taken < most else ELSEWHERE
