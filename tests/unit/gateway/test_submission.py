"""The shape of a task as it is asked for."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import RequestInvalidError
from gateway.submission import Submission, parse_submission

DATASET = "01a202b5-8ce5-75f9-b321-dfef86eaf92c"
ASKED: dict[str, Any] = {"kind": "profile", "inputs": {"data": DATASET}}


def pointers(asked: object) -> list[str]:
    with pytest.raises(RequestInvalidError) as caught:
        parse_submission(asked)
    return [fault.pointer for fault in caught.value.faults]


def test_only_the_kind_and_the_inputs_are_needed() -> None:
    submission = parse_submission(ASKED)

    assert submission.params == {}
    assert (submission.priority, submission.timeout_s, submission.run_at) == (0, None, None)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"kind": "a\x00b"}, "/kind"),
        ({"kind": ""}, "/kind"),
        ({"kind": None}, "/kind"),
        ({"inputs": {"data": "x"}}, "/inputs/data"),
        ({"inputs": {"a\x00": DATASET}}, "/inputs/a\x00"),
        ({"inputs": []}, "/inputs"),
        ({"inputs": {str(number): DATASET for number in range(17)}}, "/inputs"),
        ({"params": [1]}, "/params"),
        ({"priority": 1.5}, "/priority"),
        ({"priority": True}, "/priority"),
        ({"priority": 10**30}, "/priority"),
        ({"timeout_s": "600"}, "/timeout_s"),
        ({"timeout_s": 0}, "/timeout_s"),
        ({"memory_mb": -1}, "/memory_mb"),
        ({"max_attempts": 0}, "/max_attempts"),
        ({"run_at": "2026-11-22T09:00:00"}, "/run_at"),
        ({"run_at": "9999-01-01T00:00:00Z"}, "/run_at"),
        ({"run_at": "0001-01-01T00:00:00+23:59"}, "/run_at"),
        ({"tags": ["a"] * 17}, "/tags"),
        ({"tags": ["ok", "a\nb"]}, "/tags/1"),
        ({"tags": ["\ud800"]}, "/tags/0"),
        ({"tags": "nightly"}, "/tags"),
        ({"reuse": "yes"}, "/reuse"),
        ({"unknown": 1}, "/unknown"),
    ],
)
def test_a_wrong_field_is_pointed_at(change: dict[str, Any], pointer: str) -> None:
    assert pointers({**ASKED, **change}) == [pointer]


@pytest.mark.parametrize("asked", [None, [], "profile", 1])
def test_a_task_is_an_object(asked: object) -> None:
    assert pointers(asked) == [""]


def test_a_field_that_is_missing_is_pointed_at() -> None:
    assert pointers({}) == ["/kind", "/inputs"]


@given(
    st.dictionaries(
        st.sampled_from(sorted(Submission.model_fields)), st.text() | st.integers() | st.none() | st.floats()
    )
)
def test_no_value_leads_to_an_error_of_another_sort(asked: dict[str, Any]) -> None:
    try:
        parse_submission(asked)
    except RequestInvalidError as error:
        assert error.faults  # noqa: PT017 - some are right, and then nothing is raised
