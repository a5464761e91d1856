import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor import protocol
from processor.protocol import Failure, Job, Log, MessageTooLongError, Partial, Progress, ProtocolError, Result

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
TYPES = st.sampled_from(["progress", "log", "partial", "result", "failure", "job", "nonsense"])
NEARLY = st.fixed_dictionaries(
    {"type": TYPES},
    optional={
        "phase": JSON,
        "fraction": JSON,
        "rows": JSON,
        "level": JSON,
        "message": JSON,
        "estimate": JSON,
        "result": JSON,
        "envelope": JSON,
        "files": JSON,
        "code": JSON,
        "advice": JSON,
    },
)


def body_of(message: dict[str, Any]) -> bytes:
    framed = protocol.encode(message, job=7)
    header, body = framed[: protocol.HEADER.size], framed[protocol.HEADER.size :]
    assert protocol.read_header(header) == (len(body), 7)
    return body


def is_refused_or_a_message(body: bytes) -> None:
    try:
        message = protocol.decode(body)
    except ProtocolError:
        return
    assert isinstance(message, Progress | Log | Partial | Result | Failure)


@given(body=st.binary(max_size=200))
def test_any_bytes_are_a_message_or_refused(body: bytes) -> None:
    is_refused_or_a_message(body)


@given(value=JSON)
def test_any_json_is_a_message_or_refused(value: object) -> None:
    is_refused_or_a_message(json.dumps(value).encode())


@given(message=NEARLY)
def test_what_is_nearly_a_message_is_one_or_refused(message: dict[str, Any]) -> None:
    is_refused_or_a_message(json.dumps(message).encode())


@given(header=st.binary(min_size=12, max_size=12))
def test_any_header_tells_a_bounded_length_or_is_refused(header: bytes) -> None:
    length = int.from_bytes(header[:4], "big")
    if length <= protocol.MESSAGE_BYTES:
        assert protocol.read_header(header) == (length, int.from_bytes(header[4:], "big"))
    else:
        with pytest.raises(ProtocolError):
            protocol.read_header(header)


def test_a_nest_of_any_depth_is_refused() -> None:
    deep = b'{"type":"log","level":"info","message":' + b"[" * 100_000 + b"]" * 100_000 + b"}"

    with pytest.raises(ProtocolError):
        protocol.decode(deep)


def test_a_refusal_quotes_nothing() -> None:
    with pytest.raises(ProtocolError) as refused:
        protocol.decode(b'{"type":"log","level":"info","message":7,"secret":"of the input"}')

    assert "secret of" not in str(refused.value)
    assert "of the input" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    "message",
    [
        {"type": "progress", "phase": "scan", "fraction": 1.5},
        {"type": "progress", "phase": "x" * 101},
        {"type": "log", "level": "shout", "message": ""},
        {"type": "log", "level": "info", "message": "", "more": 1},
        {"type": "result", "envelope": {}, "files": [{"name": "a/b", "bytes": 1, "media_type": "a", "file": "a"}]},
        {"type": "result", "envelope": {}, "files": [{"name": "a", "bytes": -1, "media_type": "a", "file": "a"}]},
        {"type": "failure", "code": "x", "message": "y" * 4001},
        {"type": "job", "kind": "noop"},
        {},
    ],
)
def test_a_message_that_breaks_its_form_is_refused(message: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        protocol.decode(body_of(message))


@pytest.mark.parametrize(
    ("message", "form"),
    [
        ({"type": "progress", "phase": "scan", "fraction": None, "rows": 3}, Progress),
        ({"type": "log", "level": "warning", "message": "ä"}, Log),
        ({"type": "partial", "estimate": True, "result": {"rows": 1}}, Partial),
        ({"type": "result", "envelope": {"data": {}}, "files": []}, Result),
        ({"type": "failure", "code": "interrupted", "message": "Stopped.", "advice": None}, Failure),
    ],
)
def test_what_is_sent_arrives(message: dict[str, Any], form: type[protocol.ChildMessage]) -> None:
    heard = protocol.decode(body_of(message))

    assert isinstance(heard, form)
    told = heard.model_dump(exclude_unset=True)
    if (found := protocol.FOUND.get(message["type"])) is not None:
        told[found] = json.loads(told[found])
    assert told == message


@given(params=st.dictionaries(st.text(), JSON, max_size=3))
def test_a_job_arrives(params: dict[str, Any]) -> None:
    job = Job(kind="noop", params=params, inputs={}, scratch="/nowhere", memory_mb=1, low_memory=False)

    assert protocol.decode_job(body_of(job.model_dump(mode="json"))) == job


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_json_does_not_know_is_not_sent(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        protocol.encode({"type": "partial", "estimate": True, "result": {"x": value}}, job=1)


@pytest.mark.parametrize(
    "body",
    [
        b'{"type":"partial","estimate":true}',
        b'{"type":"partial","estimate":true,"result":{}}',
        b'{"type":"partial","estimate":true,"result":"x"}\n{}',
        b'{"type":"result","files":[]}',
        b'{"type":"log","level":"info","message":""}\n{}',
        b'{"type":"log","level":"info","message":""}\n',
    ],
)
def test_what_was_found_stands_behind_the_head_and_nowhere_else(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        protocol.decode(body)


def test_what_was_found_is_not_read() -> None:
    heard = protocol.decode(b'{"type":"result","files":[]}\n{"no JSON\n')

    assert isinstance(heard, Result)
    assert heard.envelope == b'{"no JSON\n'


@pytest.mark.parametrize("kind", ["log", "partial"])
def test_a_head_is_bounded_far_below_a_result(kind: str) -> None:
    body = b'{"type":"%s","a":"' % kind.encode() + b"x" * protocol.HEAD_BYTES + b'"}\n{}'

    with pytest.raises(MessageTooLongError):
        protocol.decode(body)
    with pytest.raises(MessageTooLongError):
        protocol.encode({"type": kind, "a": "x" * protocol.HEAD_BYTES, "result": {}}, job=1)


def test_what_is_too_long_is_not_sent() -> None:
    with pytest.raises(ProtocolError, match="too long"):
        protocol.encode({"type": "log", "level": "info", "message": "x" * protocol.MESSAGE_BYTES}, job=1)
