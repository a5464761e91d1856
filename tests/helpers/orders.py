"""Orders for the gateway's recorder."""

from datetime import timedelta
from uuid import UUID

from common.ids import new_task_id
from gateway.admission import Accepted
from gateway.idempotency import NamedRequest
from gateway.order import Order


def an_order(dataset: UUID, *, key: str | None = None, identity: UUID | None = None) -> Order:
    """One task, with a key, with an id of its own, or plain; with the same key or id it is the same request."""
    task = Accepted(
        kind="profile",
        kind_version="1",
        inputs={"data": dataset},
        params="{}",
        priority=0,
        run_at=None,
        timeout_s=60,
        memory_mb=512,
        max_attempts=3,
        tags=(),
        reuse=False,
    )
    return Order(
        tenant="default",
        tasks=[task],
        ids=[identity or new_task_id()],
        places=[""],
        digest=None if identity is None else identity.bytes * 2,
        named=None if key is None else NamedRequest(key=key, digest=key.encode()),
        named_for=timedelta(days=1),
    )
