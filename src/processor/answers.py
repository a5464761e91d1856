"""What a processor waits for from its fork server, and for how long: without it there is no work to do."""

from collections.abc import Awaitable, Callable
from typing import Final

import anyio

from common.errors import SundogError

STEPS: Final = 10


class ForkServerError(SundogError):
    """The fork server ended, or answers no more; the processor cannot work without it and ends too."""

    code = "fork_server_ended"


class Answers:
    """How long the fork server may take to answer.

    Args:
        within: seconds.

    Attributes:
        expected: cancelled when one did not come. Whoever owns the fork server ends it then, and so all waiting for it.
    """

    def __init__(self, *, within: float) -> None:
        self.expected = anyio.CancelScope()
        self._within = within

    async def wait_for(self, answer: Callable[[], Awaitable[object]]) -> bool:
        """Wait for an answer, which can be waited for again; False if it is missing.

        The time is taken in steps, each seen to its end by this process: one that was frozen together with the fork
        server finds at most one step over when both go on.
        """
        for _ in range(STEPS):
            with anyio.move_on_after(self._within / STEPS):
                await answer()
                return True
        self.expected.cancel()
        return False
