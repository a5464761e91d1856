"""What is to be recorded for a request for tasks, and what it led to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from gateway.admission import Accepted
from gateway.idempotency import NamedRequest
from gateway.task_view import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be recorded together.

    Attributes:
        ids: of the tasks, in step with them.
        places: where each stands in the request's body, as JSON Pointers.
        digest: of the request, if it chose the id.
        named: the request's key.
        named_for: how long the key is kept.
        has_room: whether there is room in the queue; if not, only earlier results will do, for all of the tasks.
    """

    tenant: str
    tasks: Sequence[Accepted]
    ids: Sequence[UUID]
    places: Sequence[str]
    traceparent: str | None = None
    digest: bytes | None = None
    named: NamedRequest | None = None
    named_for: timedelta = timedelta(0)
    has_room: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an order led to, in its order: the row of a task that was made, or the id of an earlier one that will do."""

    tasks: Sequence[Row | UUID]
