"""Whether running tasks are capped: exact caps cost that claims wait for each other, so claims want to know."""

from common.database import Pool
from common.queries import load_query

HAS_CAPS = load_query("processor", "has_caps")


class Caps:
    """What is known of the caps; looked up with each heartbeat, so a first cap is exact from the next heartbeat on.

    Attributes:
        in_force: there are some, as far as is known.
    """

    def __init__(self, *, pool: Pool) -> None:
        self.in_force = True  # until it is known better: the slow way is always right
        self._pool = pool

    async def refresh(self) -> None:
        """Look whether there are any."""
        self.in_force = bool(await self._pool.fetchval(HAS_CAPS))
