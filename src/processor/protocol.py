"""What supervisor and child say to each other: JSON messages over a socket pair, each behind its length and a number.

The supervisor trusts nothing that comes from a child, since the child reads people's data with native code: a message
is JSON and no pickle, its length and depth are bounded, and one that has none of the forms below ends the child.

The number is that of the job: drawn at random, and repeated by the child on all that it says about the job. A child is
used again, and something of an earlier task may have stayed behind in it unseen. That speaks with the number of its own
job, or guesses; so it reaches nobody. It is no wall: what searches the memory of its process can find the number.

    supervisor → child:  Job
    child → supervisor:  Progress | Log | Partial, as they come, and at the end one Result or Failure

A message is a head, JSON in one line. What an analysis found, in a Partial or a Result, is no part of the head: it
stands behind a line feed, as JSON too, and the supervisor passes it on as the text that it is. To read it would take
seconds and gigabytes, should a child want that (see processor.raw_json, which looks at its form). So:

    length, number of the job | {"type":"partial","estimate":true} LF {"rows":1}
"""

import struct
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from common.compact_json import strictly_compact
from common.errors import ParamsError

HEADER: Final = struct.Struct(">IQ")
MESSAGE_BYTES: Final = 32 << 20  # a result or a partial of some hundred columns stays far below
HEAD_BYTES: Final = 1 << 20
LINE_CHARS: Final = 4_000  # of a line of log; the rest of it is dropped
FOUND: Final = {"partial": "result", "result": "envelope"}  # what stands behind the head, by the type of message

MACHINE_FAILED: Final = "machine_failed"  # the one failure that a child tells and that may pass


class ProtocolError(Exception):
    """The other side said something that is no message; a child that does is ended like one that crashed."""


class MessageTooLongError(ProtocolError):
    """A message is longer than `MESSAGE_BYTES`, or its head than `HEAD_BYTES`."""


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Header(NamedTuple):
    """What stands before a message: how many bytes it has, and the number of the job that it is about."""

    length: int
    job: int


class InputFile(_Message):
    """One input, as a child gets it."""

    filename: str
    path: str
    sha256: str
    bytes: int


class Job(_Message):
    """One task, as its child gets it.

    Attributes:
        params: as the submitter gave them; the child's model of them has the last word.
        scratch: the folder to write in.
        memory_mb: the limit that the supervisor watches.
        low_memory: an earlier attempt ran out of memory.
    """

    type: Literal["job"] = "job"
    kind: str
    params: dict[str, JsonValue]
    inputs: dict[str, InputFile]
    scratch: str
    memory_mb: int
    low_memory: bool


class Progress(_Message):
    """The present progress; replaces the one before. Absent numbers could not be measured."""

    type: Literal["progress"] = "progress"
    phase: str = Field(max_length=100)
    fraction: float | None = Field(default=None, ge=0, le=1)
    rows: int | None = None
    rows_total: int | None = None
    bytes: int | None = None
    rate: float | None = None
    eta_s: float | None = None


class Log(_Message):
    """A line for the feed."""

    type: Literal["log"] = "log"
    level: Literal["debug", "info", "warning", "error"]
    message: str


class Partial(_Message):
    """A partial result, as the text of a JSON object; nobody has looked at that yet."""

    type: Literal["partial"] = "partial"
    estimate: bool
    result: bytes = Field(default=b"", max_length=0)  # not in the head


class ArtifactFile(_Message):
    """A file in scratch that is to be kept; `file` is its path inside of scratch."""

    name: str = Field(min_length=1, max_length=200, pattern=r"^[^/\x00-\x1f]+$")
    bytes: int = Field(ge=0)
    media_type: str = Field(max_length=200, pattern=r"^[^\x00-\x1f]+$")
    file: str


class Result(_Message):
    """The end: the files to keep, and the envelope as the text of a JSON object; nobody has looked at that yet.

    `clean`: nothing of the task goes on in the child.
    """

    type: Literal["result"] = "result"
    clean: bool = False
    envelope: bytes = Field(default=b"", max_length=0)  # not in the head
    files: list[ArtifactFile] = Field(max_length=1000)


class Failure(_Message):
    """The end: why it could not be done, in words that a person may see."""

    type: Literal["failure"] = "failure"
    clean: bool = False
    code: str = Field(max_length=100)
    message: str = Field(max_length=4000)
    advice: str | None = Field(default=None, max_length=4000)


ChildMessage = Progress | Log | Partial | Result | Failure
_child_message: TypeAdapter[ChildMessage] = TypeAdapter(Annotated[ChildMessage, Field(discriminator="type")])


def encode(message: Mapping[str, Any], *, job: int) -> bytes:
    """A message about a job with its header, ready to be sent.

    Raises:
        ValueError: it holds a NaN or an infinity, which JSON does not know.
        TypeError: it holds something that is no JSON value.
        MessageTooLongError: it is longer than `MESSAGE_BYTES`, or its head than `HEAD_BYTES`.
    """
    found = FOUND.get(message.get("type", ""))
    if found is None:
        return _framed(_head(message), job=job)
    head = _head({key: value for key, value in message.items() if key != found})
    return _framed(head + b"\n" + strictly_compact(message[found]).encode(), job=job)


def _head(message: Mapping[str, Any]) -> bytes:
    head = strictly_compact(message).encode()
    if len(head) > HEAD_BYTES:
        raise MessageTooLongError(f"a head of {len(head)} bytes is too long")
    return head


def encode_job(job: Job, *, number: int) -> bytes:
    """A job with its header.

    Raises:
        MessageTooLongError: it is longer than `MESSAGE_BYTES`.
        ParamsError: they hold half a character (a lone surrogate), which JSON has an escape for, and UTF-8 has not.
    """
    try:
        body = job.model_dump_json().encode()
    except PydanticSerializationError as error:
        raise ParamsError(
            "The parameters hold half a character, of which there is no text.",
            pointer="/params",
            advice="Correct it and submit again.",
        ) from error
    return _framed(body, job=number)


def _framed(body: bytes, *, job: int) -> bytes:
    if len(body) > MESSAGE_BYTES:
        raise MessageTooLongError(f"a message of {len(body)} bytes is too long")
    return HEADER.pack(len(body), job) + body


def read_header(header: bytes | bytearray) -> Header:
    """What a header says.

    Raises:
        MessageTooLongError: more than a message may have.
    """
    length, job = HEADER.unpack(header)
    if length > MESSAGE_BYTES:
        raise MessageTooLongError(f"a message of {length} bytes is too long")
    return Header(length, job)


def decode_job(body: bytes) -> Job:
    """The job in a body."""
    return Job.model_validate_json(body)


def decode(body: bytes) -> ChildMessage:
    """What a child said.

    Raises:
        ProtocolError: it has none of the forms of a message. The text tells where, and quotes nothing.
    """
    end = body.find(b"\n", 0, HEAD_BYTES + 1)
    if end < 0 and len(body) > HEAD_BYTES:
        raise MessageTooLongError(f"a head of more than {HEAD_BYTES} bytes is too long")
    try:
        message = _child_message.validate_json(body if end < 0 else body[:end])
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise ProtocolError(f"{first['type']} at {'/'.join(map(str, first['loc']))}") from None
    found = FOUND.get(message.type)
    if (found is None) != (end < 0):
        raise ProtocolError(f"{message.type} with too much, or too little, behind its head")
    return message if found is None else message.model_copy(update={found: body[end + 1 :]})
