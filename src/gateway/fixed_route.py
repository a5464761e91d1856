"""Routes whose path would also fit a route with a name in it."""

from starlette.routing import Match, Route
from starlette.types import Scope


class FixedRoute(Route):
    """A route that is meant whenever its path is asked for, by whatever method.

    Without it, `PUT /v1/tasks/batch` would be taken for a task with the id `batch`: Starlette goes on to look for a
    route that also has the method. It has to stand before that one.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Full or not at all; a method that it does not have is refused when it is handled."""
        match, child = super().matches(scope)
        return (Match.FULL if match is Match.PARTIAL else match), child
