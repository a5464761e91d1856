from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_SHOWN = 10


@dataclass(slots=True)
class Flaws:
    """Rows that are not in the table as the file has them.

    Attributes:
        unread: rows that could not be read at all, and are missing.
        cut: rows of which surplus fields were cut off.
        unread_lines: the first line numbers of those that are missing, counted from 1.
        notes: further warnings, as code and sentence.
    """

    unread: int = 0
    cut: int = 0
    unread_lines: list[int] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)

    def miss(self, line: int) -> None:
        """Count a row that could not be read."""
        self.unread += 1
        if len(self.unread_lines) < _SHOWN:
            self.unread_lines.append(line)

    def note(self, code: str, message: str) -> None:
        """Keep a warning; the same one is kept once."""
        if (code, message) not in self.notes:
            self.notes.append((code, message))

    def as_json(self) -> Mapping[str, object]:
        """What a kind's summary shows; empty where nothing is wrong."""
        counts = {"rows_unread": self.unread, "rows_cut": self.cut}
        return {name: count for name, count in counts.items() if count}


def shown_lines(lines: Sequence[int], count: int) -> str:
    """Line numbers in a sentence: `line 3`, `lines 3, 7 and 9`, `lines 3, 7, 9 and 20 others`."""
    if count == 1:
        return f"line {lines[0]:,}"
    rest = count - len(lines)
    last = f"{rest:,} others" if rest else f"{lines[-1]:,}"
    return f"lines {', '.join(f'{line:,}' for line in (lines if rest else lines[:-1]))} and {last}"
