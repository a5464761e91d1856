r"""What is looked at in the text of JSON before it is parsed: nests too deep, and halves of characters (`\ud83d`)."""

import re
from itertools import accumulate

from processor.reading.columns import MOST_DEPTH, too_deep

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
_NO_MARKS = bytes(set(range(256)) - set(b"[]{}\n"))
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")  # one deeper, one less deep
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)"
)


def check_depth(text: bytes) -> None:
    """See that no line nests deeper than a table's columns may; strings may hold as many brackets as they like.

    Raises:
        InputError: one does.
    """
    marks = text.translate(None, _NO_MARKS)
    suspects = [number for number, line in enumerate(marks.split(b"\n")) if len(line) > MOST_DEPTH]
    if not suspects:
        return
    lines = text.split(b"\n")
    for number in suspects:
        if _depth(lines[number]) > MOST_DEPTH + 1:  # the row is an object itself
            raise too_deep("JSON")


def _depth(line: bytes) -> int:
    steps = memoryview(_STRING.sub(b"", line).translate(_STEPS, _NO_MARKS)).cast("b")
    return max(accumulate(steps, initial=0))


def without_halves(text: bytes) -> tuple[bytes, int]:
    """The text with U+FFFD for escapes that are half a character, and how many there were."""
    if b"\\ud" not in text and b"\\uD" not in text:
        return text, 0
    count = 0

    def whole(found: re.Match[bytes]) -> bytes:
        nonlocal count
        if found[1] is None:
            return found[0]
        count += 1
        return b"\\ufffd"

    return _ESCAPE.sub(whole, text), count
