r"""What is looked at in the text of JSON before it is parsed: nests too deep, and halves of characters (`\ud83d`)."""

import re
from itertools import accumulate

from processor.reading.columns import MOST_DEPTH, too_deep

_NO_MARKS = bytes(set(range(256)) - set(b"[]{}\n"))
_NO_BRACES = bytes(set(range(256)) - set(b"{\n"))
_NO_MARKS_OR_QUOTES = _NO_MARKS.replace(b'"', b"")
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
    lengths = [*map(len, marks.split(b"\n"))]
    if max(lengths) <= MOST_DEPTH:
        return
    suspects = [number for number, length in enumerate(lengths) if length > MOST_DEPTH]
    lines = text.split(b"\n")
    for number in suspects:
        if _depth(lines[number]) > MOST_DEPTH + 1:  # the row is an object itself
            raise too_deep("JSON")


def count_lines(text: bytes) -> int:
    """How many lines there are that are not blank, each ended by a line feed."""
    ends = text.count(b"\n")
    if b"\n\n" in text.translate(None, _NO_BRACES) or not text[:1].strip():  # blank, or of values that are no objects
        return sum(bool(line.strip()) for line in text.split(b"\n"))
    return ends


def _depth(line: bytes) -> int:
    steps = memoryview(_outside_strings(line).translate(_STEPS)).cast("b")
    return max(accumulate(steps, initial=0))


def _outside_strings(line: bytes) -> bytes:
    """The brackets of a line that stand in no string. A pattern for strings would take a hundred bytes a character."""
    marks = line.replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, _NO_MARKS_OR_QUOTES)
    return b"".join(marks.split(b'"')[::2])


def without_halves(text: bytes) -> tuple[bytes, int]:
    """The text with U+FFFD for escapes that are half a character, and how many there were."""
    if b"\\" not in text:  # in a fraction of the time that two characters take
        return text, 0
    if b"\\ud" not in text and b"\\uD" not in text:
        return text, 0
    whole, count = bytearray(text), 0
    for found in _ESCAPE.finditer(text):
        if found[1] is not None:
            whole[found.start() : found.end()] = b"\\ufffd"  # as long as what it stands for
            count += 1
    return bytes(whole), count
