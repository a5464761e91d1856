"""The way in, wired: who is let in to which route."""

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.types import ASGIApp

from common.database import Pool
from common.notifier import Notifier
from gateway.access import grant_of
from gateway.audit_trail import AuditTrail
from gateway.doorkeeper import Door, Doorkeeper, Guard, OpenDoor
from gateway.express import ROUTES, ByMethod, Shown, endpoint_of
from gateway.journal import Journal
from gateway.keyring import Keyring
from gateway.rates import Rates
from gateway.routes.audit import AuditRoutes
from gateway.routes.session import SessionRoutes
from gateway.settings import GatewaySettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """What decides who is let in.

    Attributes:
        doorkeeper: None where the gateway is open.
        own_routes: of logging in, and of what was done.
        trail: notes what callers do; nobody is known to an open gateway, so that it has nothing to note.
    """

    doorkeeper: Doorkeeper | None
    trail: list[Middleware]
    own_routes: list[Route]

    @property
    def door(self) -> Door:
        """Asks each request who sent it."""
        return self.doorkeeper or OpenDoor()

    def guard(self, routes: Iterable[Route]) -> None:
        """Let only those through to these routes who may.

        Raises:
            LookupError: nobody has said who may, of one of them.
        """
        for route in routes:
            route.app = Guard(route.app, door=self.door, grant=grant_of(route))

    def short_way(self, routes: Iterable[Route]) -> ASGIApp:
        """To the routes of plain tasks, past the layers that find them; for those who may."""
        found = {(method, route.path): route for route in routes for method in route.methods or ()}
        apps = {
            method: Guard(endpoint_of(found[method, path]), door=self.door, grant=grant_of(found[method, path]))
            for method, path in ROUTES
        }
        return Shown(ByMethod(apps))


def build_entrance(
    *, pool: Pool, notifier: Notifier, keyring: Keyring, journal: Journal, settings: GatewaySettings
) -> Entrance:
    """The way in that the settings ask for."""
    rates = Rates(pool=pool, default=settings.key_requests_per_s or None)
    doorkeeper = None if settings.is_open else Doorkeeper(keyring=keyring, rates=rates, refusals=journal)
    session = SessionRoutes(
        pool=pool,
        notifier=notifier,
        doorkeeper=doorkeeper,
        keyring=keyring,
        kept_s=settings.session_hours * 3_600,
    )
    return Entrance(
        doorkeeper=doorkeeper,
        trail=[] if settings.is_open else [Middleware(AuditTrail, journal=journal)],
        own_routes=[*session.routes(), *AuditRoutes(pool=pool).routes()],
    )
