"""Which form a client gets."""

import pytest

from gateway.accept import MOST_RANGES, preferred

OFFERED = ["application/json", "text/event-stream", "text/plain"]


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, "application/json"),
        ("", "application/json"),
        (" , ", "application/json"),
        (", text/plain", "text/plain"),
        ("*/*", "application/json"),
        ("text/*", "text/event-stream"),
        ("text/plain", "text/plain"),
        ("application/json, text/plain, */*", "application/json"),
        ("text/plain;q=0.1, */*;q=0.2", "application/json"),
        ("text/plain;q=0.9, text/event-stream;q=0.9", "text/plain"),
        ("application/json;q=0, */*", "text/event-stream"),
        ("TEXT/PLAIN ; Q=1.0 ; charset=utf-8", "text/plain"),
        ("text/plain;q=2", "text/plain"),
        ("image/png", None),
        ("text/html, image/png;q=0.9", None),
        (",;=,*/", None),
        ("a/b," * MOST_RANGES + "text/plain", None),
        ("a/b," * (MOST_RANGES - 1) + "text/plain", "text/plain"),
    ],
)
def test_the_form_that_it_likes_best(accept: str | None, form: str | None) -> None:
    assert preferred(accept, OFFERED) == form
