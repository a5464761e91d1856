"""Lets a stream run outside of the layers that found it.

A request goes through some ten layers to its route, and each of them keeps a frame, a wrapped `send` and a `receive` as
long as the answer lasts. That is nothing for an answer of milliseconds. But a stream may last for hours, there are
thousands of them, and whatever is sent would go through every layer again. So a route answers with a `Handover`, the
layers return, and what is left is this one.
"""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.presented import Presented
from gateway.problems import answer_of

KEY: Final = "handed_over"


class Handover:
    """What a route answers with; the stream is called when the route's layers have returned."""

    __slots__ = ("_stream",)

    def __init__(self, stream: ASGIApp) -> None:
        self._stream = stream

    async def __call__(self, scope: Scope, _receive: Receive, _send: Send) -> None:
        """Hand it over."""
        scope["state"][KEY] = self._stream


class HandedOver:
    """ASGI middleware: runs what was handed over. Its errors before the first byte are answered as problems."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        state = scope.setdefault("state", {})
        await self._app(scope, receive, send)
        stream: ASGIApp | None = state.pop(KEY, None)
        if stream is not None:
            await self._run(stream, scope, receive, send)

    async def _run(self, stream: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await stream(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - what nobody knows is raised again
            answer = await answer_of(error, scope=scope)
        else:
            return
        await Presented(answer)(scope, receive, send)
