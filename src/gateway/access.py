"""Who may do what: every route of the gateway stands here, or the gateway does not start."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from starlette.routing import Route

from common.words import KeyRole
from gateway.caller import Caller

# What is done on the way to something else, too, such as a task that comes with its files.
DATASET_CREATE: Final = "dataset.create"
DATASET_DELETE: Final = "dataset.delete"


class Who(StrEnum):
    """The least that a caller must be."""

    ANYBODY = "anybody"  # no key is asked for
    READ = "read"
    SUBMIT = "submit"
    ADMIN = "admin"
    OPERATOR = "operator"  # an admin of the tenant `default`: sees what belongs to all


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a route needs, and what it is in the audit.

    Attributes:
        action: its name in the audit; None: nothing that the audit tells of.
    """

    who: Who
    action: str | None = None

    def admits(self, caller: Caller) -> bool:
        """Whether this caller may."""
        match self.who:
            case Who.ANYBODY | Who.READ:
                return True
            case Who.SUBMIT:
                return caller.role is not KeyRole.READ
            case Who.ADMIN:
                return caller.role is KeyRole.ADMIN
            case Who.OPERATOR:
                return caller.is_operator


_OPEN: Final = Grant(who=Who.ANYBODY)
_READ: Final = Grant(who=Who.READ)


def _submit(action: str) -> Grant:
    return Grant(who=Who.SUBMIT, action=action)


GRANTS: Final[Mapping[tuple[str, str], Grant]] = {
    # Whoever starts, watches and balances gateways has no key; and what is needed before one can log in tells nothing.
    ("GET", "/healthz"): _OPEN,
    ("GET", "/readyz"): _OPEN,
    ("GET", "/"): _OPEN,
    ("GET", "/login"): _OPEN,
    ("GET", "/dashboard/{file:path}"): _OPEN,
    ("POST", "/v1/session"): Grant(who=Who.ANYBODY, action="login"),
    # Figures of all tenants together: Prometheus has an operator's key.
    ("GET", "/metrics"): Grant(who=Who.OPERATOR),
    ("GET", "/openapi.json"): _READ,
    ("GET", "/v1/session"): _READ,
    ("DELETE", "/v1/session"): Grant(who=Who.READ, action="logout"),
    ("GET", "/v1/kinds"): _READ,
    ("GET", "/v1/kinds/{name}"): _READ,
    ("GET", "/v1/processors"): _READ,
    ("GET", "/v1/stats"): _READ,
    ("GET", "/v1/audit"): Grant(who=Who.ADMIN),
    ("GET", "/v1/datasets"): _READ,
    ("GET", "/v1/datasets/{id}"): _READ,
    ("DELETE", "/v1/datasets/{id}"): Grant(who=Who.ADMIN, action=DATASET_DELETE),
    ("POST", "/v1/datasets"): _submit(DATASET_CREATE),
    ("PUT", "/v1/datasets/{name}"): _submit(DATASET_CREATE),
    ("PUT", "/v1/datasets/{name:path}"): _submit(DATASET_CREATE),
    ("GET", "/v1/tasks"): _READ,
    ("GET", "/v1/tasks/{id}"): _READ,
    ("GET", "/v1/tasks/{id}/events"): _READ,
    ("GET", "/v1/tasks/{id}/result"): _READ,
    ("GET", "/v1/tasks/{id}/artifacts"): _READ,
    ("GET", "/v1/tasks/{id}/artifacts/{name:path}"): _READ,
    ("GET", "/v1/events"): _READ,
    ("POST", "/v1/tasks"): _submit("task.create"),
    ("PUT", "/v1/tasks/{id}"): _submit("task.create"),
    ("POST", "/v1/tasks/batch"): _submit("task.create"),
    ("POST", "/v1/tasks/{id}/cancel"): _submit("task.cancel"),
    ("POST", "/v1/tasks/{id}/retry"): _submit("task.retry"),
    ("POST", "/v1/tasks/cancel"): _submit("task.cancel"),
    ("POST", "/v1/tasks/retry"): _submit("task.retry"),
}


def grant_of(route: Route) -> Grant:
    """What a route needs.

    Raises:
        LookupError: nobody has said it yet: write it into the table above.
    """
    (method,) = (route.methods or set()) - {"HEAD"}
    grant = GRANTS.get((method, route.path))
    if grant is None:
        raise LookupError(f"gateway.access does not say who may {method} {route.path}")
    return grant
