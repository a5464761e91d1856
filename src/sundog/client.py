"""A client of the HTTP API: hand in data, ask for an analysis, watch it, take the result."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

import anyio
import httpx2

from common.backoff import backoff
from common.errors import SundogError

JsonObject = Mapping[str, Any]

CHUNK_BYTES: Final = 1 << 20
# The gateway pings every 15 s, so this much silence means that the connection is dead.
SILENCE_SECONDS: Final = 45.0
FIRST_RETRY_SECONDS: Final = 0.2
LONGEST_RETRY_SECONDS: Final = 10.0
MOST_RETRIES: Final = 30
LARGEST_EVENT_BYTES: Final = 64 << 20
NO_CONTENT: Final = 204
COMES_BACK: Final = (429, 502, 503, 504)  # a watcher tries again


class ProblemError(SundogError):
    """The gateway refused, in its own words (RFC 9457)."""

    code = "refused"

    def __init__(self, message: str, *, status: int, problem: str, advice: str | None = None) -> None:
        """Take what the problem document says.

        Args:
            message: its `detail`.
            status: the HTTP status.
            problem: its `code`.
            advice: its `advice`.
        """
        super().__init__(message, advice=advice)
        self.status = status
        self.problem = problem


class UnreachableError(SundogError):
    """The gateway does not answer, and did not after many tries."""

    code = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEvent:
    """One thing that a task's feed tells.

    Attributes:
        type: `queued`, `started`, `progress`, `partial`, `log`, `retrying`, `succeeded`, `failed`, `cancelled`, `end`.
        data: what it says.
        seq: its number in the story; None for what is no part of it (`progress`, `end`).
    """

    type: str
    data: JsonObject
    seq: int | None


class SundogClient:
    """`async with SundogClient("http://127.0.0.1:8080") as client: ...`."""

    def __init__(self, url: str, *, key: str | None = None) -> None:
        """Nothing happens yet.

        Args:
            url: where the gateway is.
            key: an API key, where the gateway wants one.
        """
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self._http = httpx2.AsyncClient(base_url=url, headers=headers, timeout=httpx2.Timeout(30.0, write=300.0))
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._http)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def kinds(self) -> Sequence[JsonObject]:
        """What analyses there are, with the JSON Schema of their params."""
        kinds: Sequence[JsonObject] = (await self._json("GET", "/v1/kinds"))["kinds"]
        return kinds

    async def processors(self) -> Sequence[JsonObject]:
        """Who is there to run them."""
        processors: Sequence[JsonObject] = (await self._json("GET", "/v1/processors"))["processors"]
        return processors

    async def upload(self, path: Path, *, name: str | None = None) -> JsonObject:
        """Hand in a file as a dataset, in constant memory.

        Args:
            path: the file.
            name: what the dataset is called; the file's name by default.

        Returns:
            The dataset: `id`, `name`, `sha256`, `bytes`, ...
        """
        size = (await anyio.Path(path).stat()).st_size
        target = f"/v1/datasets/{quote(name or path.name, safe='')}"
        return await self._json("PUT", target, content=_chunks(path), headers={"content-length": str(size)})

    async def submit(self, kind: str, *, inputs: Mapping[str, str], params: JsonObject | None = None) -> JsonObject:
        """Ask for an analysis.

        Args:
            kind: which one.
            inputs: input name → dataset id.
            params: parameters of the kind.

        Returns:
            The task as it was recorded.
        """
        return await self._json("POST", "/v1/tasks", json={"kind": kind, "inputs": inputs, "params": params or {}})

    async def task(self, task: str) -> JsonObject:
        """The task as it is now."""
        return await self._json("GET", f"/v1/tasks/{task}")

    async def result(self, task: str) -> JsonObject:
        """The result's envelope of a task that succeeded."""
        return await self._json("GET", f"/v1/tasks/{task}/result")

    async def follow(self, task: str, *, after: int = 0) -> AsyncIterator[FeedEvent]:
        """A task's feed from an event on, to its end; a broken connection is taken up again where it broke.

        Args:
            task: its id.
            after: the number of the last event that is known already.

        Yields:
            Every event after `after` exactly once and in order, and the present progress in between.

        Raises:
            ProblemError: the gateway refused.
            UnreachableError: it did not answer for many tries in a row.
        """
        cursor, failures = after, 0
        while True:
            try:
                async for event in self._stream(task, cursor):
                    failures = 0
                    cursor = event.seq or cursor
                    yield event
                    if event.type == "end":
                        return
            except (httpx2.TransportError, UnreachableError) as error:
                failures += 1
                if failures > MOST_RETRIES:
                    raise UnreachableError(f"The gateway does not answer: {error}") from error
            await anyio.sleep(backoff(failures + 1, first=FIRST_RETRY_SECONDS, most=LONGEST_RETRY_SECONDS))

    async def _stream(self, task: str, cursor: int) -> AsyncIterator[FeedEvent]:
        headers = {"accept": "text/event-stream", "last-event-id": str(cursor)}
        url = f"/v1/tasks/{task}/events"
        timeout = httpx2.Timeout(30.0, read=SILENCE_SECONDS)
        async with self._http.stream("GET", url, headers=headers, timeout=timeout) as response:
            if response.status_code == NO_CONTENT:
                yield FeedEvent(type="end", data={"seq": cursor}, seq=None)
                return
            if response.status_code in COMES_BACK:
                raise UnreachableError(f"status {response.status_code}")
            await _refuse(response)
            async for event in httpx2.EventSource(response, max_event_size=LARGEST_EVENT_BYTES):
                if event.data:  # without data it only tells when to come back
                    yield _feed_event(event)

    async def _json(self, method: str, url: str, **request: Any) -> JsonObject:
        try:
            response = await self._http.request(method, url, **request)
        except httpx2.TransportError as error:
            raise UnreachableError(f"The gateway does not answer: {error}.") from error
        await _refuse(response)
        answer: JsonObject = response.json()
        return answer


def _feed_event(event: httpx2.ServerSentEvent) -> FeedEvent:
    data = event.json()
    if not isinstance(data, dict):
        raise httpx2.SSEError(f"The data of a {event.event} event is no object.")
    return FeedEvent(type=event.event, data=data, seq=data.get("seq") if event.event != "end" else None)


async def _refuse(response: httpx2.Response) -> None:
    if response.is_success:
        return
    await response.aread()
    try:
        problem = response.json()
        raise ProblemError(
            str(problem["detail"]),
            status=response.status_code,
            problem=str(problem["code"]),
            advice=problem.get("advice"),
        )
    except (ValueError, KeyError, TypeError):
        raise ProblemError(
            f"The gateway answered {response.status_code}.", status=response.status_code, problem="unknown"
        ) from None


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    async with await anyio.open_file(path, "rb") as file:
        while chunk := await file.read(CHUNK_BYTES):
            yield chunk
