"""What the operator's signals tell a processor: to stop, and to stop at once.

             before it is ready       afterwards
    first    the start is given up    no new claims, the grace time for what runs
    second                            what runs goes back to the queue at once

They are heard until all parts have stopped, and from then on ignored: one that comes late must not end the process in
the middle of its end.
"""

import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

log = logging.getLogger(__name__)


class Orders:
    """What was told so far.

    Attributes:
        stop: set by the first signal.
        at_once: set by the second.
        start: cancelled by a signal that comes before it is ready.
        is_ready: a signal can be obeyed in order.
    """

    def __init__(self) -> None:
        self.stop = anyio.Event()
        self.at_once = anyio.Event()
        self.start = anyio.CancelScope()
        self.is_ready = False

    def hear(self, number: signal.Signals) -> None:
        """Take one signal."""
        log.info("told to stop by %s", number.name)
        (self.at_once if self.stop.is_set() else self.stop).set()
        if not self.is_ready:
            self.start.cancel()


@asynccontextmanager
async def heard_orders() -> AsyncIterator[Orders]:
    """Hear SIGTERM and SIGINT as long as the block lasts; one that comes before `is_ready` cancels the block."""
    orders = Orders()

    async def listen() -> None:
        async for number in signals:
            orders.hear(number)

    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async with anyio.create_task_group() as group:
            group.start_soon(listen)
            with orders.start:
                yield orders
            group.cancel_scope.cancel()
    for number in (signal.SIGTERM, signal.SIGINT):  # the process is about to end anyway
        signal.signal(number, signal.SIG_IGN)
