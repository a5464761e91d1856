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


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"tags": [1] * 300_000}, ["/tags"]),
        ({"inputs": {str(number): 1 for number in range(90_000)}}, ["/inputs"]),
        ({str(number): 1 for number in range(90_000)}, [f"/{number}" for number in range(20)]),
        ({"x" * 900_000: 1}, [""]),
        ({"inputs": {"x" * 900_000: 1}}, ["/inputs"] * 2),
    ],
    ids=["tags", "inputs", "fields", "long-field", "long-input"],
)
def test_however_much_is_wrong_the_answer_is_short(change: dict[str, Any], expected: list[str]) -> None:
    assert pointers({**ASKED, **change}) == expected


def test_a_field_that_is_wrong_is_told_beside_many_that_there_are_not() -> None:
    told = pointers({**dict.fromkeys(map(str, range(100)), 1), **ASKED, "priority": "x"})

    assert "/priority" in told
    assert len(told) == 20


def said(asked: object) -> str:
    with pytest.raises(RequestInvalidError) as caught:
        parse_submission(asked)
    return caught.value.message


A_TIME = "/run_at: must be a time with its offset, like 2026-11-22T09:00:00Z"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"inputs": {"data": "rides.csv"}},
            "/inputs/data: must be a dataset's id: PUT the file to /v1/datasets/NAME first",
        ),
        ({"inputs": {"data": 7}}, "/inputs/data: must be a dataset's id: PUT the file to /v1/datasets/NAME first"),
        ({"inputs": []}, "/inputs: must be an object"),
        ({"tags": "nightly"}, "/tags: must be a list"),
        ({"tags": ["a"] * 17}, "/tags: must have at most 16 entries"),
        ({"tags": ["\ud800"]}, "/tags/0: must be a text of whole characters"),
        ({"kind": ""}, "/kind: must have at least 1 character"),
        ({"kind": "x" * 65}, "/kind: must have at most 64 characters"),
        ({"priority": "high"}, "/priority: must be a whole number"),
        ({"priority": 101}, "/priority: must be ≤ 100"),
        ({"timeout_s": 0}, "/timeout_s: must be ≥ 1"),
        ({"reuse": "yes"}, "/reuse: must be true or false"),
        ({"prams": {}}, "/prams: is no field of a task. Did you mean params?"),
        ({"run_at": 1_800_000_000}, A_TIME),
        ({"run_at": "1800000000"}, A_TIME),
        ({"run_at": True}, A_TIME),
        ({"run_at": "soon"}, A_TIME),
        ({"run_at": "2026-11-22"}, A_TIME),
        ({"run_at": "2026-11-22T09:00:00"}, A_TIME),
        ({"run_at": "2026-13-22T09:00:00Z"}, A_TIME),
    ],
)
def test_what_is_wrong_is_said_in_our_words(change: dict[str, Any], message: str) -> None:
    assert said({**ASKED, **change}) == message


def test_what_is_no_object_is_told_so() -> None:
    assert said([]) == "The body: must be a JSON object"


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=70),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted(Submission.model_fields)), ANY_JSON))
def test_every_fault_has_words_of_ours(asked: dict[str, Any]) -> None:
    try:
        parse_submission(asked)
    except RequestInvalidError as error:
        for fault in error.faults:
            assert "nput should" not in fault.detail
            assert fault.detail != "cannot be taken", fault.pointer


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
