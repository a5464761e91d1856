"""Answers that wait a little for something to happen to a task (`Prefer: wait=N`), and come at once when it does.

The hub wakes them like it pushes to watchers. A second task listens for the client to leave, so that nobody keeps a
place for someone who has gone. Where there is no place to wait the answer just comes at once: a preference is no
demand. Whose key is revoked meanwhile gets the answer of one whose time is up.
"""

from collections.abc import Awaitable, Callable
from uuid import UUID

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from common.lifecycle import Wakeup
from gateway.feed import Feed
from gateway.hub import Hub
from gateway.limit_errors import StreamsFullError, TooManyStreamsError
from gateway.prefer import APPLIED
from gateway.streams import Streams


class FeedWaiter:
    """Wakes up when a feed moves, when the gateway is about to stop, or when its caller is let in no longer."""

    def __init__(self, *, is_enough: Callable[[], bool]) -> None:
        self._is_enough = is_enough
        self._wakeup = Wakeup()
        self.is_leaving = False
        self.is_put_out = False

    @property
    def sleeps(self) -> bool:
        """It has looked, and waits to be woken."""
        return self._wakeup.is_awaited

    def push(self) -> None:
        """The feed moved."""
        if self._is_enough():
            self._wakeup.ring()

    def leave(self) -> None:
        """Wait no longer."""
        self.is_leaving = True
        self._wakeup.ring()

    def put_out(self) -> None:
        """Wait no longer, and look no more: whose answer this is may not see what has come meanwhile."""
        self.is_put_out = True
        self.leave()

    async def woken(self) -> None:
        """Wait for it."""
        await self._wakeup.wait()


class WaitingResponse:
    """Answers when `look` finds what the client waits for, at the latest when the time is up.

    Args:
        task: what it is about.
        caller: whom the place is counted for.
        wait_s: the time.
        look: reads the task; the answer, or None if it is not yet what the client waits for.
        otherwise: the answer when the time is up.
        needs_end: nothing but the end of the story is worth a look.
        hub: has the feed.
        streams: has the places.
    """

    def __init__(
        self,
        *,
        task: UUID,
        caller: str,
        wait_s: float,
        look: Callable[[], Awaitable[Response | None]],
        otherwise: Response,
        needs_end: bool,
        hub: Hub,
        streams: Streams,
    ) -> None:
        self._task = task
        self._caller = caller
        self._wait_s = wait_s
        self._look = look
        self._otherwise = otherwise
        self._needs_end = needs_end
        self._hub = hub
        self._streams = streams
        self._has_waited = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or not at all if the client has gone."""
        answer: Response | Exception | None = None
        async with anyio.create_task_group() as group:
            group.start_soon(_cancel_when_gone, receive, group.cancel_scope)
            try:
                answer = await self._wait() or self._otherwise
            except Exception as error:  # noqa: BLE001 - raised again outside of the group, which would wrap it
                answer = error
            group.cancel_scope.cancel()
        if isinstance(answer, Exception):
            raise answer
        if answer is not None:
            self._otherwise = answer  # the other would stay in memory until the client has taken this one
            if self._has_waited:
                answer.headers.update(APPLIED)
            await answer(scope, receive, send)

    async def _wait(self) -> Response | None:
        try:
            with anyio.move_on_after(self._wait_s), self._streams.admitted(self._caller):
                self._has_waited = True
                async with self._hub.feed(self._task) as feed:
                    return await self._watch(feed)
        except (TooManyStreamsError, StreamsFullError, TimeoutError):
            return await self._look()
        return None

    async def _watch(self, feed: Feed) -> Response | None:
        waiter = FeedWaiter(is_enough=lambda: feed.has_ended or not self._needs_end)
        feed.subscribers.add(waiter)
        try:
            with self._streams.waits(waiter, caller=self._caller):
                while not waiter.is_put_out:
                    answer = await self._look()
                    if answer is not None or waiter.is_leaving:
                        return answer
                    await waiter.woken()
                return None
        finally:
            feed.subscribers.discard(waiter)


async def _cancel_when_gone(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
