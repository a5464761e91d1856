from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.requests import Request

from gateway.errors import QueryInvalidError
from gateway.pagination import PageAsked, cursor_of, page_asked


def request(query: str) -> Request:
    return Request(
        {"type": "http", "method": "GET", "path": "/v1/tasks", "query_string": query.encode(), "headers": []}
    )


def test_without_a_word_the_first_page_is_asked_for() -> None:
    assert page_asked(request("")) == PageAsked(limit=50, after=None)


@given(st.uuids())
def test_a_cursor_leads_back_to_its_id(identity: UUID) -> None:
    assert page_asked(request(f"limit=200&cursor={cursor_of(identity)}")) == PageAsked(limit=200, after=identity)


@pytest.mark.parametrize("limit", ["0", "201", "-1", "1.5", "", "٣", "9" * 5000, "1e2", "%00"])
def test_a_limit_out_of_bounds_is_refused(limit: str) -> None:
    with pytest.raises(QueryInvalidError):
        page_asked(request(f"limit={limit}"))


@given(st.text(alphabet=st.characters(exclude_characters="&;+%", max_codepoint=0x2FF)))
@example("x")
@example("A" * 23)
def test_a_cursor_of_somebody_else_is_refused(cursor: str) -> None:
    try:
        page_asked(request(f"cursor={cursor}"))
    except QueryInvalidError as error:
        assert "cursor" in error.message  # noqa: PT017 - a few texts are cursors, and then nothing is raised
