"""An entry of the audit."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from common.ids import uuid7


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that somebody did.

    Attributes:
        actor: id of their key.
        name: of their key.
        object: id of what it was done to.
        request: id of the request.
        address: where the request came from.
        detail: what else is worth knowing.
    """

    action: str
    tenant: str | None = None
    actor: str | None = None
    name: str | None = None
    object: str | None = None
    request: str | None = None
    address: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    id: UUID = field(default_factory=uuid7)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
