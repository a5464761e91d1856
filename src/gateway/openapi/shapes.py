"""The shapes of answers, for the document. Routes build them by hand; a test compares both, by asking every route."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from common.words import KeyRole, TaskState


class Urls(BaseModel):
    """Where a thing is."""

    self: str


class Dataset(BaseModel):
    """Bytes with a name."""

    id: UUID
    name: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    bytes: int
    media_type: str
    created_at: datetime
    urls: Urls


class DatasetPage(BaseModel):
    """Datasets, newest first."""

    datasets: list[Dataset]
    next: str | None = Field(description="The URL of the next page; null on the last.")


class TaskInput(BaseModel):
    """A dataset that a task works on; its id is null once it was removed."""

    id: UUID | None
    name: str
    bytes: int


class TaskUrls(Urls):
    """Where the rest of a task is."""

    events: str
    result: str
    artifacts: str
    cancel: str
    retry: str


class TaskError(BaseModel):
    """Why a task or an attempt failed."""

    code: str
    message: str
    advice: str | None = None


class Progress(BaseModel):
    """How far a task is."""

    rev: int
    phase: str | None = None
    fraction: float | None = None


class Task(BaseModel):
    """A task, as in a list."""

    id: UUID
    tenant: str
    kind: str
    state: TaskState
    priority: int
    timeout_s: int
    memory_mb: int
    max_attempts: int
    version: int = Field(description="Grows with every change of the task.")
    tags: list[str]
    inputs: dict[str, TaskInput]
    params: dict[str, Any]
    progress: Progress | None
    error: TaskError | None
    run_at: datetime
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cancel_requested_at: datetime | None
    urls: TaskUrls


class Attempt(BaseModel):
    """One run of a task."""

    attempt: int
    processor: str
    started_at: datetime
    finished_at: datetime | None
    outcome: str | None
    error: TaskError | None
    peak_memory_bytes: int | None
    cpu_seconds: float | None


class WholeTask(Task):
    """A task with its attempts."""

    attempts: list[Attempt]
    reused: Literal[True] | None = Field(default=None, description="True: an earlier task, whose result will do.")


class EndedTask(WholeTask):
    """A task that a request waited for, with what came out of it."""

    result: "Result | None" = Field(
        default=None, description="Of a task that succeeded; a result above 256 KiB is left out, and is at urls.result."
    )


class Total(BaseModel):
    """A count; at least so many if it is not exact."""

    value: int
    exact: bool


class TaskPage(BaseModel):
    """Tasks, newest first."""

    tasks: list[Task]
    next: str | None = Field(description="The URL of the next page; null at the end.")
    total: Total | None = None


class TaskBatch(BaseModel):
    """The tasks of a batch, in the order of the request."""

    tasks: list[WholeTask]


class CancelledMany(BaseModel):
    """What cancelling many did."""

    cancelled: int
    stopping: int
    next: str | None = Field(description="The URL to POST to next; null when all are done.")


class RetriedMany(BaseModel):
    """What retrying many did."""

    queued: int
    next: str | None = Field(description="The URL to POST to next; null when all are done.")


class Result(BaseModel):
    """What came out of a task; `data` is the kind's."""

    kind: str
    version: str
    warnings: list[Any] = []
    data: Any = None


class Artifact(BaseModel):
    """A file that an analysis made."""

    name: str
    bytes: int
    sha256: str
    media_type: str
    urls: Urls


class Artifacts(BaseModel):
    """The files that an analysis made."""

    artifacts: list[Artifact]


class Kind(BaseModel):
    """What analysis can be asked for."""

    name: str
    version: str
    title: str
    summary: str
    inputs: dict[str, str] = Field(description="The input names, each with what it is.")
    example: dict[str, Any]
    params_schema: dict[str, Any]
    result_schema: dict[str, Any] | None
    processors: int


class Kinds(BaseModel):
    """What can be asked for now."""

    kinds: list[Kind]


class Processor(BaseModel):
    """Who does the work."""

    id: UUID
    name: str
    version: str
    slots: int
    running: int
    kinds: list[str]
    confinement: list[str]
    stopping: bool
    started_at: datetime
    heartbeat_at: datetime


class Processors(BaseModel):
    """The processors that were heard of lately."""

    processors: list[Processor]


class KindStats(BaseModel):
    """How the queue of a kind stands."""

    kind: str
    queued: Total
    running: Total
    processors: int


class Stats(BaseModel):
    """How the queue stands."""

    waits_s: float | None
    last_minute: dict[str, Total]
    kinds: list[KindStats]


class Alive(BaseModel):
    """The process works."""

    status: Literal["alive"]


class Ready(BaseModel):
    """Postgres answers, with a schema that this release works with."""

    status: Literal["ready"]
    schema_version: int


class Fault(BaseModel):
    """One thing that is wrong in a request."""

    pointer: str
    detail: str


class Problem(BaseModel):
    """Why there is no other answer (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str = Field(description="Stable: branch on it.")
    detail: str
    advice: str | None
    request_id: str | None
    pointer: str | None = None
    errors: list[Fault] | None = None
    error: TaskError | None = None


class KeyShown(BaseModel):
    """A key, without its secret."""

    id: str
    name: str


class Session(BaseModel):
    """Who asks."""

    open: bool = Field(description="Nobody needs a key here.")
    tenant: str
    role: KeyRole
    key: KeyShown | None
    by_cookie: bool


class Actor(BaseModel):
    """Whose key was used."""

    key: str
    name: str | None


class AuditEntry(BaseModel):
    """One thing that somebody did."""

    id: UUID
    at: datetime
    actor: Actor | None
    action: str
    object: str | None
    request: str | None
    address: str | None
    detail: dict[str, Any]


class AuditPage(BaseModel):
    """What was done, newest first."""

    entries: list[AuditEntry]
    next: str | None
