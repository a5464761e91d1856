"""Sending from the outside of a connection's own task, without a task or a queue for each connection.

An ASGI `send` is a coroutine that, on a healthy connection, runs to its end without ever waiting. So whoever has
something for ten thousand connections can run each `send` in a plain loop. Only where a client does not take its bytes
does `send` wait, before it writes; what is left of the coroutine can then be awaited by a task of its own.
"""

from collections.abc import Awaitable, Coroutine, Generator
from functools import partial
from typing import Any, cast


class Suspended:
    """A coroutine that began to wait; await it to let it go on from there.

    A coroutine tells its task what it waits for by yielding it. The one who ran it so far is not a task, so the first
    thing that it yielded is yielded again to the task that takes over; from there on the two talk directly.
    """

    __slots__ = ("_coroutine", "_waits_for")

    def __init__(self, coroutine: Coroutine[Any, Any, None], waits_for: object) -> None:
        self._coroutine = coroutine
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        """Go on until it ends."""
        waits_for = self._waits_for
        while True:
            try:
                came = yield waits_for
            except BaseException as error:  # noqa: BLE001 - a cancellation belongs to the coroutine too
                step = partial(self._coroutine.throw, error)
            else:
                step = partial(self._coroutine.send, came)
            try:
                waits_for = step()
            except StopIteration:
                return

    def close(self) -> None:
        """Give it up."""
        self._coroutine.close()


def run_until_it_waits(sending: Awaitable[None]) -> Suspended | None:
    """Run a `send` here and now; None if it came to its end, else what is left of it."""
    coroutine = cast("Coroutine[Any, Any, None]", sending)  # every ASGI server's `send` is an async function
    try:
        return Suspended(coroutine, coroutine.send(None))
    except StopIteration:
        return None
