"""The closed sets that both services and the database share, as `schema.sql` defines and explains them."""

from enum import StrEnum

# As the one name among a kind's inputs: it takes one or more, under names of the caller's choice.
ANY_INPUT = "*"


class TaskState(StrEnum):
    """Where a task stands; see the chart at the top of schema.sql."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL_STATES = frozenset({TaskState.SUCCEEDED, TaskState.FAILED, TaskState.CANCELLED})


class AttemptOutcome(StrEnum):
    """How one run of a task ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"
    OUT_OF_DISK = "out_of_disk"
    CRASHED = "crashed"
    LOST = "lost"
    INTERRUPTED = "interrupted"


class EventType(StrEnum):
    """The kinds of event in a task's feed, each with a `seq`."""

    QUEUED = "queued"
    STARTED = "started"
    LOG = "log"
    PARTIAL = "partial"
    RETRYING = "retrying"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL_EVENTS = frozenset({EventType.SUCCEEDED, EventType.FAILED, EventType.CANCELLED})


class KeyRole(StrEnum):
    """What a key is good for; each may do what those before it may."""

    READ = "read"
    SUBMIT = "submit"
    ADMIN = "admin"


class Channel(StrEnum):
    """The fixed NOTIFY channels; a payload names ids, separated by commas, never data."""

    WORK = "sundog_work"  # a task became claimable; payload: kinds
    FEED = "sundog_feed"  # a feed or a progress moved; payload: task ids
    CONTROL = "sundog_control"  # somebody asked to cancel running tasks; payload: task ids
    KEYS = "sundog_keys"  # keys were revoked or sessions ended; payload: their ids
