"""What schemathesis cannot know of the interface: which datasets there are, what is new, and which streams have an end.

Loaded by schemathesis itself (SCHEMATHESIS_HOOKS), in its own process. Requests that are meant to be wrong are left as
they are.
"""

import re
from typing import Any, Final
from uuid import uuid4

import schemathesis
from schemathesis import Case, HookContext
from schemathesis.generation import GenerationMode

from common.ids import new_task_id
from gateway.openapi.document import EXAMPLE_DATASET

UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
FOR_MANY: Final = {"cancelTasks", "retryTasks"}
FILTERS: Final = {"state", "kind", "dataset", "tag", "text", "created_after", "created_before"}


@schemathesis.hook
def before_call(context: HookContext, case: "Case[Any]", kwargs: dict[str, Any]) -> None:
    """Make a request that is meant to be right one that can be."""
    name = case.operation.definition.raw.get("operationId")
    if name == "streamTask":
        case.query["follow"] = "0"  # what is still to come would be waited for
    if case.meta is not None and case.meta.generation.mode is GenerationMode.NEGATIVE:
        return
    _make_true_headers(case)
    if name in FOR_MANY and not FILTERS & case.query.keys():
        case.query["tag"] = "everything"
    if name == "putTask":
        case.path_parameters["id"] = str(new_task_id())
    body: Any = case.body
    for task in body.get("tasks", [body]) if isinstance(body, dict) else ():
        _make_real(task)


def _make_true_headers(case: "Case[Any]") -> None:
    """A key for each request, and no digest of other bytes."""
    case.headers.pop("Repr-Digest", None)
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = str(uuid4())


def _make_real(task: dict[str, Any]) -> None:
    if not isinstance(task, dict):
        return
    inputs = task.get("inputs")
    if isinstance(inputs, dict) and "data" in inputs:
        inputs["data"] = EXAMPLE_DATASET
    if isinstance(task.get("run_at"), str):
        task["run_at"] = "2026-11-22T00:00:00Z"  # near enough
    if "tags" in task:
        task["tags"] = [tag for tag in task["tags"] if str(tag).isprintable()]


@schemathesis.hook
def filter_case(context: HookContext, case: "Case[Any]") -> bool:
    """No forms that are meant to be wrong: their files are made right again when they are written.

    tests/fuzzing/test_forms.py makes wrong ones.
    """
    is_wrong = case.meta is not None and case.meta.generation.mode is GenerationMode.NEGATIVE
    return not (is_wrong and case.media_type == "multipart/form-data")
