"""A route that is at its paths for its own methods alone."""

from starlette.routing import Match, Route
from starlette.types import Scope


class MethodRoute(Route):
    """A route that nobody means who asks with another method.

    It takes any path, to refuse what was meant for it with a sentence of its own. To others its paths are not there: a
    405 would hide that a slash too many is all that is wrong.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Full or not at all."""
        match, child = super().matches(scope)
        return (Match.NONE if match is Match.PARTIAL else match), child
