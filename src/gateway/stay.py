"""A stream from its first byte until its client has gone, and what it holds meanwhile."""

import logging
import time
from collections.abc import Callable

from starlette.types import Receive, Scope

from gateway.outlet import Outlet
from gateway.streams import Streams
from gateway.tap import Tap

log = logging.getLogger(__name__)


class Stay:
    """What one stream holds; all of it is given back once, whoever ends the stream.

    Args:
        outlet: the client's place in the stream.
        caller: whom the stream is counted for.
        streams: has the places.
        leave: called when the client has gone.
        scope: of the request, of which only the id is kept.
    """

    __slots__ = ("_began", "_caller", "_leave", "_outlet", "_request", "_streams")

    def __init__(
        self, outlet: Outlet, *, caller: str, streams: Streams, leave: Callable[[], None], scope: Scope
    ) -> None:
        self._outlet = outlet
        self._caller = caller
        self._streams = streams
        self._leave = leave
        self._request = scope.get("state", {}).get("request_id", "")
        self._began = time.monotonic()

    async def run(self, tap: Tap | None, receive: Receive, *, is_resumed: bool) -> None:
        """Bring the stream up to date, and let it last; with a tap it lasts without this task.

        Args:
            tap: of the answer's body, if it has one.
            receive: of the request.
            is_resumed: the client came with a cursor.
        """
        self._streams.begin(self._outlet, caller=self._caller, is_resumed=is_resumed)
        if tap is None:
            await self._until_gone(receive)
        else:
            tap.on_end(self._end)
            await self._outlet.catch_up()

    async def _until_gone(self, receive: Receive) -> None:
        try:
            await self._outlet.catch_up()
            # The server tells of a disconnect also when the body has ended, whoever ended it.
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self._end()

    def _end(self) -> None:
        self._streams.end(self._outlet, caller=self._caller)
        self._leave()
        seconds = round(time.monotonic() - self._began, 3)
        log.info("stream ended", extra={"request": self._request, "seconds": seconds})
