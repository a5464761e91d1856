"""What follows a list within the object that holds it: only the names are kept, however long it is."""

import re

from processor.reading.json_shape import value_at

_MARK = re.compile(r'[{}\[\],"]')
_TEXT = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_STEPS = {"{": 1, "[": 1, "}": -1, "]": -1, ",": 0}
_MOST_NAMES = 100
_LONG = 1 << 20


class Rest:
    """Looks for the end of an object, from the end of one of its values on.

    Attributes:
        names: of the members on the way, the first hundred.
        ended: the object's end was found.
        beyond: the text behind it in the piece that was fed last, without blanks.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self.ended = False
        self.beyond = ""
        self._depth = 1
        self._is_name = False
        self._held = ""  # a text that has no end yet

    def feed(self, piece: str) -> None:
        """Look at the next piece of the text."""
        text = self._held + piece
        at = 0 if self.ended else self._looked(text)
        if self.ended:
            self.beyond = text[at:].strip("\x00 \t\r\n")
        self._held = "" if self.ended else _shortened(text[at:])

    def _looked(self, text: str) -> int:
        """Look at the marks one by one; how far it was possible."""
        at = 0
        while found := _MARK.search(text, at):
            at = found.end()
            if found[0] == '"':
                whole = _TEXT.match(text, found.start())
                if whole is None:
                    return found.start()
                at = whole.end()
                self._keep(text, found.start())
                continue
            self._depth += _STEPS[found[0]]
            self._is_name = self._depth == 1 and found[0] == ","
            if not self._depth:
                self.ended = True
                return at
        return len(text)

    def _keep(self, text: str, at: int) -> None:
        name = value_at(text, at)[0] if self._is_name and len(self.names) < _MOST_NAMES else None
        if isinstance(name, str):
            self.names.append(name)
        self._is_name = False


def _shortened(text: str) -> str:
    """What begins a text without an end in the same way, if that is long: whether a quote ends it shows in its end."""
    if len(text) <= _LONG:
        return text
    return '"' + "\\" * ((len(text) - len(text.rstrip("\\"))) % 2)
