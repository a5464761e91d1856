"""Gives up a body that comes too slowly: who holds a request open for nothing holds a place that others need.

Only the time counts in which the gateway waits for the client. While it is busy with what came, or the storage is slow,
nobody is to blame.
"""

import time
from collections.abc import Callable

import anyio
from starlette.types import Message, Receive

from gateway.limit_errors import RequestTooSlowError


class BodyPace:
    """The body of one request, as it comes.

    Args:
        receive: gives it.
        timeout_s: seconds in which something of it must come.
        slowest_bytes_per_s: how slowly it may come on the average, once that time was waited.
        clock: seconds, monotonic.
    """

    __slots__ = ("_bytes", "_clock", "_receive", "_slowest", "_timeout_s", "_waited_s")

    def __init__(
        self,
        receive: Receive,
        *,
        timeout_s: float,
        slowest_bytes_per_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._receive = receive
        self._timeout_s = timeout_s
        self._slowest = slowest_bytes_per_s
        self._clock = clock
        self._waited_s = 0.0
        self._bytes = 0

    async def receive(self) -> Message:
        """The next piece.

        Raises:
            RequestTooSlowError: it did not come in time, or all came too slowly so far.
        """
        began = self._clock()
        message: Message | None = None
        with anyio.move_on_after(self._timeout_s):
            message = await self._receive()
        self._waited_s += self._clock() - began
        if message is None:
            raise _too_slow()
        self._bytes += len(message.get("body", b""))
        is_over = message["type"] == "http.disconnect" or not message.get("more_body", False)
        if not is_over and self._waited_s > self._timeout_s and self._bytes < self._slowest * self._waited_s:
            raise _too_slow()
        return message


def _too_slow() -> RequestTooSlowError:
    return RequestTooSlowError("The body came too slowly.", advice="Send it again, over a better connection.")
