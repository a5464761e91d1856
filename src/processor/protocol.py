"""What supervisor and child say to each other: JSON messages over a socket pair, each behind its length in four bytes.

The supervisor trusts nothing that comes from a child, since the child reads people's data with native code: a message
is JSON and no pickle, its length is bounded, and one that does not fit the forms below ends the child.

    supervisor → child:  job
    child → supervisor:  (phase-less) progress | log | partial | artifact ... then one of result | failure
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

HEADER: Final = struct.Struct(">I")
MESSAGE_BYTES: Final = 32 << 20  # a result or a partial of some hundred columns stays far below


class ProtocolError(Exception):
    """The child said something that is no message; it is ended like one that crashed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One task, as its child gets it.

    Attributes:
        kind: the kind's name.
        params: as the submitter gave them; the child's model of them has the last word.
        inputs: for each input name its `filename`, `path`, `sha256` and `bytes`.
        scratch: the folder to write in.
        memory_mb: the limit that the supervisor watches.
        low_memory: an earlier attempt ran out of memory.
    """

    kind: str
    params: Mapping[str, Any]
    inputs: Mapping[str, Mapping[str, Any]]
    scratch: str
    memory_mb: int
    low_memory: bool


def encode(message: Mapping[str, object]) -> bytes:
    """A message with its header, ready to be sent.

    Raises:
        ValueError: it holds a NaN or an infinity, which JSON does not know.
        TypeError: it holds something that is no JSON value.
        ProtocolError: it is longer than `MESSAGE_BYTES`.
    """
    body = json.dumps(message, allow_nan=False, separators=(",", ":")).encode()
    if len(body) > MESSAGE_BYTES:
        raise ProtocolError(f"a message of {len(body)} bytes is too long")
    return HEADER.pack(len(body)) + body


def body_length(header: bytes) -> int:
    """How many bytes follow a header.

    Raises:
        ProtocolError: more than a message may have.
    """
    length = int(HEADER.unpack(header)[0])
    if length > MESSAGE_BYTES:
        raise ProtocolError(f"a message of {length} bytes is too long")
    return length


def decode(body: bytes) -> dict[str, Any]:
    """The message in a body.

    Raises:
        ProtocolError: it is no JSON object with a `type`.
    """
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("not JSON") from error
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise ProtocolError("not an object with a type")
    return message
