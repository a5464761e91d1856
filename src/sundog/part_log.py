"""What a part says: kept in a file as it is, and told to a person in short."""

import json
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

from common.log import KEYS

Tell = Callable[[str], None]

LARGEST_AT_START: Final = 16 << 20
LATEST: Final = 20
EXPLANATION: Final = "sundog: "  # how cli.py begins a sentence for a person


class PartLog:
    """The log of one part: `DIR/logs/<part>.log`, and the file before it as `.log.1`."""

    def __init__(self, folder: Path, *, part: str, tell: Tell) -> None:
        """Open the file.

        Args:
            folder: where logs are kept; made if missing.
            part: the part's name.
            tell: is given each line in its short form.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{part}.log"
        self._part = part
        self._tell = tell
        self._rest = b""
        if self.path.exists() and self.path.stat().st_size > LARGEST_AT_START:
            self.path.replace(self.path.with_suffix(".log.1"))
        self._latest: deque[str] = deque(maxlen=LATEST)

    @property
    def last_words(self) -> str:
        """Why it ended, as far as its log tells: the command line's explanation if there is one, or the last line."""
        lines = list(self._latest)
        explained = (index for index in reversed(range(len(lines))) if lines[index].startswith(EXPLANATION))
        if (first := next(explained, None)) is not None:
            return " ".join(line.strip() for line in lines[first:]).removeprefix(EXPLANATION)
        return lines[-1] if lines else "it said nothing"

    def feed(self, data: bytes) -> None:
        """Take what the part said next; it may end within a line."""
        with self.path.open("ab") as file:
            file.write(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            told = short_form(line.decode(errors="replace"))
            self._latest.append(told)
            self._tell(f"{self._part:<12} {told}")


def short_form(line: str) -> str:
    """A line for a person: of a JSON record the time of day, the level where it matters, the text and its keys."""
    try:
        record = json.loads(line)
        time_of_day = record["at"][11:19]
        text = record["text"]
    except (ValueError, KeyError, TypeError):
        return line
    level = "" if record.get("level") in {"debug", "info"} else f"{record.get('level')}: "
    keys = "".join(f" {key}={record[key]}" for key in KEYS if key in record and key != "service")
    return f"{time_of_day} {level}{text}{keys}"
