"""The operations on tasks."""

from dataclasses import replace
from typing import Final

from common.words import TaskState
from gateway.openapi import shapes
from gateway.openapi.operation import (
    ASKS_DATABASE,
    CURSOR,
    FEED,
    FORM,
    IDEMPOTENCY_KEY,
    JSON,
    KNOWN,
    LIMIT,
    PRETTY,
    WAIT,
    Answer,
    Operation,
    Parameter,
    header,
    path_id,
    query,
    reference,
)
from gateway.task_filter import LONGEST_KIND, LONGEST_TAG, LONGEST_TEXT, NO_CONTROLS

GROUP: Final = "Tasks"
TASK: Final = path_id("task")
AN_INSTANT: Final = {"format": "date-time"}
STATE: Final = query("state", "In this state.", enum=[state.value for state in TaskState])
WRITTEN: Final = {"pattern": f"^{NO_CONTROLS}$"}
KIND: Final = query("kind", "Of this kind.", maxLength=LONGEST_KIND, **WRITTEN)
FILTER: Final = (
    KIND,
    query("dataset", "That work on this dataset.", format="uuid"),
    query("tag", "With this tag.", minLength=1, maxLength=LONGEST_TAG, **WRITTEN),
    query("text", "With this in kind, tags or names of inputs.", minLength=1, maxLength=LONGEST_TEXT, **WRITTEN),
    query("created_after", "Made then or later.", **AN_INSTANT),
    query("created_before", "Made before.", **AN_INSTANT),
)
CURSOR_OF_MANY: Final = query(
    "cursor",
    "From the `next` of the answer before.",
    pattern=r"^(queued|running|failed|cancelled)(\.[A-Za-z0-9_-]{22})?$",
)

OF_A_BODY: Final = ("body_invalid", "digest_mismatch", "header_invalid", "media_type_unsupported", "too_large")
OF_A_TASK: Final = (
    "dataset_unknown",
    "inputs_invalid",
    "kind_unknown",
    "params_invalid",
    "queue_full",
    "request_invalid",
)
OF_A_FILE: Final = ("dataset_empty", "name_invalid", "storage_full", "storage_unavailable")
OF_NO_RESULT: Final = ("result_gone", "task_cancelled", "task_failed")
OF_A_STREAM: Final = ("streams_full", "too_many_streams")
# Who asks again is answered with the task that is there, if it is still kept.
OF_A_REPEAT: Final = ("not_found",)

ACCEPTED: Final = Answer(
    says="It is recorded, and durable.",
    shape=shapes.WholeTask,
    headers=("Location", "ETag", "Retry-After"),
    links=("showTask", "cancelTask", "retryTask", "showResult", "listArtifacts", "streamTask"),
)
UNCHANGED: Final = Answer(says="What the client has is still right.")
ENDED: Final = Answer(says="It has ended.", shape=shapes.EndedTask, headers=("Location", "ETag"))
A_TASK: Final = {JSON: reference("Submission"), FORM: reference("SubmissionForm")}
AFTER: Final = Parameter(
    name="after",
    where="query",
    schema={"anyOf": [{"type": "string", "format": "date-time"}, {"const": ""}]},
    description="The `id` of the last row.",
)

OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/v1/tasks",
        name="listTasks",
        group=GROUP,
        says="List tasks, newest first.",
        parameters=(STATE, *FILTER, LIMIT, CURSOR, query("count", "Count them too.", enum=["0", "1"]), PRETTY),
        answers={200: Answer(says="A page.", shape=shapes.TaskPage, headers=("Link",))},
        errors=ASKS_DATABASE,
    ),
    Operation(
        method="POST",
        path="/v1/tasks",
        name="createTask",
        group=GROUP,
        says="Ask for a task. With an Accept that names a form of a feed before JSON, the answer is its story.",
        parameters=(IDEMPOTENCY_KEY, WAIT, PRETTY),
        body=A_TASK,
        answers={200: replace(ENDED, media_types=FEED), 202: ACCEPTED},
        errors=(
            "idempotency_key_reused",
            *(*OF_A_REPEAT, *OF_A_BODY, *OF_A_TASK, *OF_A_FILE, *OF_A_STREAM, *ASKS_DATABASE),
        ),
    ),
    Operation(
        method="PUT",
        path="/v1/tasks/{id}",
        name="putTask",
        group=GROUP,
        says="Ask for a task with an id of one's own: a UUID of version 7, made now. Repeatable.",
        parameters=(TASK, WAIT, PRETTY),
        body={JSON: reference("OwnSubmission"), FORM: reference("OwnSubmissionForm")},
        answers={200: ENDED, 202: ACCEPTED},
        errors=("id_invalid", "task_differs", *OF_A_REPEAT, *OF_A_BODY, *OF_A_TASK, *OF_A_FILE, *ASKS_DATABASE),
    ),
    Operation(
        method="POST",
        path="/v1/tasks/batch",
        name="createTasks",
        group=GROUP,
        says="Ask for up to 1,000 tasks: all of them or none.",
        parameters=(IDEMPOTENCY_KEY, PRETTY),
        body={JSON: reference("Batch")},
        answers={
            200: Answer(says="All have ended.", shape=shapes.TaskBatch),
            202: Answer(says="They are recorded, and durable.", shape=shapes.TaskBatch, headers=("Retry-After",)),
        },
        errors=("idempotency_key_reused", *OF_A_REPEAT, *OF_A_BODY, *OF_A_TASK, *ASKS_DATABASE),
    ),
    Operation(
        method="GET",
        path="/v1/tasks/{id}",
        name="showTask",
        group=GROUP,
        says="Show a task with its attempts. With If-None-Match and Prefer: wait, once it has changed.",
        parameters=(TASK, KNOWN, WAIT, PRETTY),
        answers={200: Answer(says="The task.", shape=shapes.WholeTask, headers=("ETag",)), 304: UNCHANGED},
        errors=("not_found", *ASKS_DATABASE),
    ),
    Operation(
        method="POST",
        path="/v1/tasks/{id}/cancel",
        name="cancelTask",
        group=GROUP,
        says="Cancel a task. Idempotent.",
        parameters=(TASK, PRETTY),
        answers={
            200: Answer(says="It has ended.", shape=shapes.WholeTask),
            202: Answer(says="It runs, and is asked to stop.", shape=shapes.WholeTask),
        },
        errors=("not_found", *ASKS_DATABASE),
    ),
    Operation(
        method="POST",
        path="/v1/tasks/{id}/retry",
        name="retryTask",
        group=GROUP,
        says="Put a task that failed or was cancelled back into the queue, perhaps with changes.",
        parameters=(TASK, PRETTY),
        body={JSON: reference("Changes")},
        is_body_needed=False,
        answers={202: Answer(says="It waits, or runs already.", shape=shapes.WholeTask)},
        errors=("not_found", "task_not_retriable", *OF_A_BODY, *OF_A_TASK, *ASKS_DATABASE),
    ),
    Operation(
        method="POST",
        path="/v1/tasks/cancel",
        name="cancelTasks",
        group=GROUP,
        says="Cancel all tasks that match a filter, which must name something.",
        parameters=(query("state", "In this state.", enum=["queued", "running"]), *FILTER, CURSOR_OF_MANY, PRETTY),
        answers={200: Answer(says="How many.", shape=shapes.CancelledMany)},
        errors=("body_invalid", *ASKS_DATABASE),
    ),
    Operation(
        method="POST",
        path="/v1/tasks/retry",
        name="retryTasks",
        group=GROUP,
        says="Retry all tasks that match a filter, which must name something.",
        parameters=(query("state", "In this state.", enum=["failed", "cancelled"]), *FILTER, CURSOR_OF_MANY, PRETTY),
        answers={200: Answer(says="How many.", shape=shapes.RetriedMany)},
        errors=("body_invalid", *ASKS_DATABASE),
    ),
    Operation(
        method="GET",
        path="/v1/tasks/{id}/events",
        name="streamTask",
        group="Streams",
        says="The story of a task, while it happens.",
        parameters=(
            TASK,
            query("after", "The last event that the client has.", pattern="^[0-9]{0,9}$"),
            query("follow", "0: history alone.", enum=["0", "1"]),
            PRETTY,
        ),
        answers={
            200: Answer(says="The story, to its end.", media_types=FEED),
            204: Answer(says="The client has it all."),
        },
        errors=("body_invalid", "not_acceptable", "not_found", *OF_A_STREAM, *ASKS_DATABASE),
    ),
    Operation(
        method="GET",
        path="/v1/events",
        name="streamTasks",
        group="Streams",
        says="The rows of all tasks that match a filter, whenever one of them moves.",
        parameters=(STATE, *FILTER, AFTER, PRETTY),
        answers={200: Answer(says="Rows, until the client goes.", media_types=("text/event-stream",))},
        errors=("body_invalid", "not_acceptable", *OF_A_STREAM, *ASKS_DATABASE),
    ),
    Operation(
        method="GET",
        path="/v1/tasks/{id}/result",
        name="showResult",
        group="Results",
        says="The result of a task that succeeded.",
        parameters=(TASK, KNOWN, PRETTY),
        answers={200: Answer(says="The result.", shape=shapes.Result, headers=("ETag",)), 304: UNCHANGED},
        errors=("answers_full", "not_found", "result_not_ready", *OF_NO_RESULT, *ASKS_DATABASE),
    ),
    Operation(
        method="GET",
        path="/v1/tasks/{id}/artifacts",
        name="listArtifacts",
        group="Results",
        says="The files that the analysis made.",
        parameters=(TASK, KNOWN, PRETTY),
        answers={
            200: Answer(says="All of them.", shape=shapes.Artifacts, headers=("ETag",)),
            304: Answer(says="What the client has is still right."),
        },
        errors=("not_found", *ASKS_DATABASE),
    ),
    Operation(
        method="GET",
        path="/v1/tasks/{id}/artifacts/{name}",
        name="fetchArtifact",
        group="Results",
        says="The bytes of one of them, or one range of these.",
        parameters=(
            TASK,
            Parameter(name="name", where="path", schema={"type": "string", "minLength": 1}),
            header("Range", "Bytes from and to, such as `bytes=0-99`."),
            KNOWN,
            PRETTY,
        ),
        answers={
            200: Answer(says="All bytes.", media_types=("*/*",), headers=("ETag", "Repr-Digest")),
            206: Answer(says="The range.", media_types=("*/*",), headers=("ETag", "Content-Range")),
            304: UNCHANGED,
        },
        errors=("blob_missing", "not_found", "range_not_satisfiable", "storage_unavailable", *ASKS_DATABASE),
    ),
)
