"""What a client asks of a feed."""

import pytest
from starlette.requests import Request

from gateway.errors import NotAcceptableError
from gateway.feed_request import form_asked, form_instead_of_json
from gateway.wire import Form


def accepting(*lines: bytes) -> Request:
    return Request({"type": "http", "headers": [(b"accept", line) for line in lines]})


@pytest.mark.parametrize(
    ("lines", "form"),
    [
        ((), Form.SSE),
        ((b"image/png", b"text/plain"), Form.TEXT),
        ((b"text/plain;q=0.5", b"application/x-ndjson"), Form.NDJSON),
        ((b"text/plain", b"text/plain"), Form.TEXT),
    ],
)
def test_several_headers_that_say_what_is_accepted_are_one_list(lines: tuple[bytes, ...], form: Form) -> None:
    assert form_asked(accepting(*lines)) == form


def test_none_of_several_headers_may_name_a_form_that_there_is() -> None:
    with pytest.raises(NotAcceptableError):
        form_asked(accepting(b"image/png", b"text/html"))


@pytest.mark.parametrize(
    ("lines", "form"),
    [
        ((b"application/json", b"text/event-stream"), None),
        ((b"application/json;q=0.5", b"text/event-stream"), Form.SSE),
        ((b"*/*;q=0.1", b"application/x-ndjson"), Form.NDJSON),
        ((b"*/*", b"*/*"), None),
    ],
)
def test_a_feed_instead_of_json_is_asked_for_in_any_of_them(lines: tuple[bytes, ...], form: Form | None) -> None:
    assert form_instead_of_json(accepting(*lines)) == form
