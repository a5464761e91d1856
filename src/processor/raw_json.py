"""JSON of a child that is passed on as text: a look at its form that builds no objects.

A text of 32 MiB can hold ten million values, which take seconds and gigabytes to build; and nothing here wants them.
Postgres checks the grammar when it stores the text. What it lets through and readers choke on is looked for here: a
nest too deep, halves of characters, numbers beyond all bounds; bytes that would end a line of a feed; and what would
be more than one object where it is put into another text. Each step is one quick pass over the text, whatever it holds.
"""

import re
from itertools import accumulate
from typing import Final

import anyio

DEEPEST: Final = 200
AT_ONCE_BYTES: Final = 64 << 10  # looked at within a millisecond; the rest goes to a thread

_CONTROLS: Final = bytes(range(0x20))
_ANY_DIGIT: Final = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER: Final = b"0" * 4300  # Python reads none that is longer
_PAIR: Final = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_HALF: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_STRING: Final = re.compile(rb'"[^"]*"')
_NO_MARKS: Final = bytes(set(range(256)) - set(b'"[]{}'))
_STEPS: Final = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")  # one deeper, one less deep
CHUNK: Final = 1 << 15


class RawJsonError(Exception):
    """A text is not one JSON object that every reader can take."""


async def checked_object(text: bytes) -> str:
    """The text of one JSON object, looked at; in a thread where it is long.

    Raises:
        RawJsonError: it is no such text. The grammar inside of the brackets is not looked at.
    """
    if len(text) <= AT_ONCE_BYTES:
        return check_object(text)
    return await anyio.to_thread.run_sync(check_object, text)


def check_object(text: bytes) -> str:
    """The text of one JSON object.

    Raises:
        RawJsonError: as above.
    """
    if text[:1] != b"{" or text[-1:] != b"}" or len(text.translate(None, _CONTROLS)) < len(text):
        raise RawJsonError("no object")
    plain = text
    if b"\\" in text:
        plain = text.replace(b"\\\\", b"/")  # or halves beside it would look like a pair
        if _HALF.search(plain) and _HALF.search(_PAIR.sub(b"", plain)):
            raise RawJsonError("half a character")
        plain = plain.replace(b'\\"', b"")
    digits = plain.translate(_ANY_DIGIT)
    if _LONG_NUMBER in digits and _LONG_NUMBER in _STRING.sub(b'""', digits):
        raise RawJsonError("too long a number")
    if not _nests_well(plain):
        raise RawJsonError("brackets do not match, or nest too deep")
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise RawJsonError("no UTF-8") from None


def _nests_well(plain: bytes) -> bool:
    """Whether the first bracket is closed by the last one, and none is deeper than `DEEPEST`.

    Strings go first. Where two meet when all between them is left out, both quotes in the middle may go: what stands
    within strings still does. Whether the brackets are of one sort is a matter of grammar.
    """
    marks = _STRING.sub(b"", plain.translate(None, _NO_MARKS).replace(b'""', b""))
    if b'"' in marks:
        return False
    steps = memoryview(marks[:-1].translate(_STEPS)).cast("b")
    depth = 0
    for start in range(0, len(steps), CHUNK):  # in between, others may run
        depths = list(accumulate(steps[start : start + CHUNK], initial=depth))[1:]
        if min(depths) < 1 or max(depths) > DEEPEST:
            return False
        depth = depths[-1]
    return depth == 1
