"""Forms as streams: whatever the pieces in which they come, the parts are the same."""

from collections.abc import AsyncIterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.storage import TooLargeError
from gateway.errors import BodyInvalidError
from gateway.form import MOST_PARTS, Form, Head, Part

TYPE = "multipart/form-data; boundary=XX"


def encoded(name: str, content: bytes, *, filename: str | None = None) -> bytes:
    file = "" if filename is None else f'; filename="{filename}"'
    return f'--XX\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + content + b"\r\n"


BODY = encoded("kind", b"profile") + encoded("data", b"a,b\r\n--X\r\n1,2\r\n", filename="ä.csv") + b"--XX--\r\n"


async def in_pieces(body: bytes, cuts: Sequence[int] = ()) -> AsyncIterator[bytes]:
    places = [0, *sorted(cut % len(body) for cut in cuts), len(body)]
    for start, end in pairwise(places):
        if start < end:
            yield body[start:end]


async def read(stream: AsyncIterator[bytes], *, content_type: str = TYPE) -> list[tuple[Head, bytes]]:
    return [(part.head, await content_of(part)) async for part in Form(stream, content_type=content_type).parts()]


async def content_of(part: Part) -> bytes:
    return b"".join([chunk async for chunk in part.chunks()])


@given(st.lists(st.integers(min_value=0), max_size=12))
async def test_the_pieces_do_not_matter(cuts: list[int]) -> None:
    assert await read(in_pieces(BODY, cuts)) == [
        (Head(name="kind", filename=None, media_type=""), b"profile"),
        (Head(name="data", filename="ä.csv", media_type=""), b"a,b\r\n--X\r\n1,2\r\n"),
    ]


@given(st.integers(min_value=0, max_value=len(BODY) - 5))
async def test_a_form_that_breaks_off_is_never_taken_for_a_whole(length: int) -> None:
    with pytest.raises(BodyInvalidError):
        await read(in_pieces(BODY[:length] or b""))


@given(st.binary(max_size=200))
async def test_garbage_is_refused(garbage: bytes) -> None:
    with pytest.raises(BodyInvalidError):
        await read(in_pieces(b"-" + garbage))


async def test_a_part_that_nobody_takes_is_passed_over() -> None:
    names = [each.head.name async for each in Form(in_pieces(BODY), content_type=TYPE).parts()]

    assert names == ["kind", "data"]


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ('filename="say %22hi%22.csv"', 'say "hi".csv'),
        ('filename="a%0D%0Ab%0a.csv"', "a\r\nb\n.csv"),
        ('filename="100%25 %41 %2"', "100%25 %41 %2"),
        (r'filename="say \"hi\".csv"', 'say "hi".csv'),
    ],
)
async def test_what_would_end_a_name_is_written_in_other_ways(sent: str, meant: str) -> None:
    """As curl, browsers and older curls do; a percent sign before anything else is one."""
    body = f'--XX\r\nContent-Disposition: form-data; name="a%22b"; {sent}\r\n\r\nx\r\n--XX--\r\n'
    [(head, _)] = await read(in_pieces(body.encode()))

    assert (head.name, head.filename) == ('a"b', meant)


async def test_too_many_parts_are_refused() -> None:
    with pytest.raises(BodyInvalidError, match="parts at most"):
        await read(in_pieces(encoded("a", b"") * (MOST_PARTS + 1) + b"--XX--\r\n"))


async def test_a_field_is_read_up_to_its_limit() -> None:
    form = Form(in_pieces(encoded("a", b"12345") + b"--XX--\r\n"), content_type=TYPE)

    with pytest.raises(TooLargeError):
        await (await anext(form.parts())).text(limit=4)


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=" + "x" * 1000])
async def test_a_boundary_is_needed(content_type: str) -> None:
    with pytest.raises(BodyInvalidError):
        await read(in_pieces(BODY), content_type=content_type)


async def test_a_part_without_a_name_is_refused() -> None:
    with pytest.raises(BodyInvalidError):
        await read(in_pieces(b"--XX\r\nContent-Type: text/plain\r\n\r\nx\r\n--XX--\r\n"))
