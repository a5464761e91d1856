"""What schemathesis cannot know of the interface: which datasets there are, what is new, and which streams have an end.

Loaded by schemathesis itself (SCHEMATHESIS_HOOKS), in its own process. Requests that are meant to be wrong are left as
they are.
"""

import os
import re
from typing import Any, Final
from uuid import uuid4

import schemathesis
from schemathesis import Case, HookContext
from schemathesis.generation import GenerationMode

from common.ids import new_task_id
from gateway.openapi.document import EXAMPLE_DATASET

UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})")
STREAMS: Final = {"streamTask", "streamTasks"}
FOR_MANY: Final = {"cancelTasks", "retryTasks"}
FILTERS: Final = {"state", "kind", "dataset", "tag", "text", "created_after", "created_before"}


@schemathesis.hook
def map_body(context: HookContext, body: Any) -> Any:
    """No tags that nobody sees, a dataset and a time that there are; what is wrong stays wrong.

    As they are made: a form that is changed later counts as wrong, for the files in it.
    """
    for task in body.get("tasks", [body]) if isinstance(body, dict) else ():
        if isinstance(task, dict) and isinstance(task.get("tags"), list):
            task["tags"] = [tag for tag in task["tags"] if not isinstance(tag, str) or tag.isprintable()]
        _make_real(task)
    return body


@schemathesis.hook
def before_call(context: HookContext, case: "Case[Any]", kwargs: dict[str, Any]) -> None:
    """Make a request that is meant to be right one that can be."""
    name = case.operation.definition.raw.get("operationId")
    if name in STREAMS:
        case.headers["Accept"] = "text/event-stream"  # who does not come back by itself would wait for the end
    if case.meta is not None and case.meta.generation.mode is GenerationMode.NEGATIVE:
        if case.media_type == "multipart/form-data":
            case.body = {"nonsense": "x"}  # a file that was meant to be wrong is made right again when it is written
        return
    _make_true_headers(case)
    if name in FOR_MANY and not FILTERS & case.query.keys():
        case.query["tag"] = "everything"
    if name == "openSession":
        case.body = {"key": os.environ["SUNDOG_TEST_KEY"]}
    if name == "putTask":
        case.path_parameters["id"] = str(new_task_id())
    body: Any = case.body
    if case.media_type == "multipart/form-data":
        _say_inputs_once(body)
        if "data" in body:
            return  # a form with a file is left as it is: see `map_body`
    for task in body.get("tasks", [body]) if isinstance(body, dict) else ():
        _make_real(task)


def _make_true_headers(case: "Case[Any]") -> None:
    """A key for each request, and no digest of other bytes."""
    case.headers.pop("Repr-Digest", None)
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = str(uuid4())


def _say_inputs_once(form: dict[str, Any]) -> None:
    """Leave out the files of inputs that are datasets: whatever covers both ways to name one, may take both at once."""
    named = form.get("inputs")
    for name in named if isinstance(named, dict) else ():
        form.pop(name, None)


def _make_real(task: Any) -> None:
    if not isinstance(task, dict):
        return
    inputs = task.get("inputs")
    if isinstance(inputs, dict) and isinstance(inputs.get("data"), str) and UUID.fullmatch(inputs["data"].lower()):
        inputs["data"] = EXAMPLE_DATASET
    if isinstance(task.get("run_at"), str) and TIME.fullmatch(task["run_at"].upper()):
        task["run_at"] = "2026-11-22T00:00:00Z"  # near enough
