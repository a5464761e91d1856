import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.raw_json import DEEPEST, RawJsonError, check_object, checked_object

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)
OBJECTS = st.dictionaries(st.text(max_size=5), VALUES, max_size=4)
PIECES = st.sampled_from(["{", "}", "[", "]", '"', "\\", '\\"', ",", ":", "1", "a", '""', "[]", "{}", '"a":'])


@given(value=OBJECTS, plain=st.booleans())
def test_every_object_passes_as_it_is(value: dict[str, Any], *, plain: bool) -> None:
    text = json.dumps(value, ensure_ascii=plain).encode("utf-8", "replace")

    assert check_object(text) == text.decode()


@given(pieces=st.lists(PIECES, max_size=12))
def test_what_passes_is_one_object_wherever_it_stands(pieces: list[str]) -> None:
    """Whatever is JSON when it is put into another text is one object of its own there."""
    text = f"{{{''.join(pieces)}}}"
    try:
        check_object(text.encode())
        around = json.loads(f'{{"before":1,"it":{text}}}')
    except (RawJsonError, ValueError):
        return
    assert list(around) == ["before", "it"]
    assert isinstance(around["it"], dict)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"7",
        b"[]",
        b"{",
        b"}",
        b"{}{}",
        b'{},"type":{}',
        b'{"a":"}',
        b'{"a":\n1}',
        b'{"a":"\0"}',
        b'{"a":"\xff"}',
        rb'{"a":"\ud800"}',
        rb'{"a":"\udc00\ud800"}',
        rb'{"a":"\ud83d\\\ude00"}',
        rb'{"a":"\ud83d\"\ude00"}',
        rb'{"a":"\ud83d\ud83d\ude00\ude00"}',
        b'{"a":' + b"1" * 4300 + b"}",
        b'{"a":' + b"[" * DEEPEST + b"]" * DEEPEST + b"}",
        b'{"a":' + b"[" * 1_000_000 + b"}",
        b'{"a":[' + b"[],[{}]," * 100_000 + b"]]}",
    ],
)
def test_what_a_reader_would_choke_on_is_refused(text: bytes) -> None:
    with pytest.raises(RawJsonError):
        check_object(text)


@pytest.mark.parametrize(
    "text",
    [
        b"{}",
        rb'{"a":"\ud83d\ude00"}',
        rb'{"a":"\\ud800"}',
        rb'{"a":"\\\"}{[","b":"\\"}',
        b'{"a":"' + b"1" * 5000 + b'"}',
        b'{"a":' + b"[" * (DEEPEST - 1) + b"]" * (DEEPEST - 1) + b"}",
    ],
)
def test_what_only_looks_dangerous_passes(text: bytes) -> None:
    assert check_object(text) == text.decode()


async def test_a_text_full_of_small_values_takes_no_more_memory_than_a_few_copies_of_it() -> None:
    text = b'{"a":[' + b"[]," * (4 << 20) + b"[]]}"
    tracemalloc.start()
    try:
        assert len(await checked_object(text)) == len(text)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 4 * len(text)
