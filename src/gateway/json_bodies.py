"""Bodies that are JSON and may be large, read so that those of many requests do not hold up everybody else together.

To read a megabyte and to judge what it asks for takes the event loop some tens of milliseconds. If many have come at
once, each would go on in the same round of the loop, and whoever asks for something small would wait for all of them.
So they go on one a round.
"""

from typing import Any, Final

import anyio
from starlette.requests import Request

from gateway.body import check_json, read_body
from gateway.json_text import parse_json
from gateway.large_answer import take_room

LARGE_BYTES: Final = 64 << 10  # a few milliseconds
SHOWN_BYTES: Final = 4 << 10  # what an answer says about a task besides what its request said, with much to spare


class JsonBodies:
    """Reads them.

    Args:
        limit: the most bytes that one may have.
    """

    def __init__(self, *, limit: int) -> None:
        self.limit = limit
        self._turn = anyio.Lock()

    async def read(self, request: Request) -> Any:
        """The JSON value in the body.

        Raises:
            MediaTypeError: the body is not announced as JSON.
            TooLargeError: it has more bytes than it may; no more than those were read.
            BodyInvalidError, RequestInvalidError: it is no JSON, or none that is taken.
            AnswersFullError: the answer will show it again, and there is no room for that.
        """
        check_json(request)
        return await self._parsed(request, await read_body(request, limit=self.limit))

    async def read_optional(self, request: Request, *, otherwise: Any) -> Any:
        """The JSON value in the body, or `otherwise` if there is no body, whatever type it would have.

        Raises:
            What `read` raises.
        """
        body = await read_body(request, limit=self.limit)
        if not body:
            return otherwise
        check_json(request)
        return await self._parsed(request, body)

    async def _parsed(self, request: Request, body: bytes) -> Any:
        await take_room(request.scope, len(body) + SHOWN_BYTES, is_made=True)
        if len(body) < LARGE_BYTES:
            return parse_json(body)
        async with self._turn:  # who waits goes on in the next round, after whoever is there by then
            return parse_json(body)
