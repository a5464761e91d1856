"""Waiting for something to become true, by asking again; for what gives no signal of its own."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

T = TypeVar("T")

ASK_EVERY_S = 0.01
GIVE_UP_S = 60.0


async def eventually(ask: Callable[[], Awaitable[T | None]], *, within: float = GIVE_UP_S) -> T:
    """The first answer that is neither None nor False.

    Raises:
        AssertionError: there was none in time.
    """
    with anyio.move_on_after(within):
        while True:
            answer = await ask()
            if answer is not None and answer is not False:
                return answer
            await anyio.sleep(ASK_EVERY_S)
    raise AssertionError(f"nothing within {within} s")
