"""uvicorn's HTTP protocol with what it lacks: bounds of size and time on a request's head, and problems as answers."""

from asyncio import TimerHandle, Transport
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, cast

import uvicorn
from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from common.errors import SundogError
from gateway.errors import HeadTooLargeError, RequestMalformedError, RequestTooSlowError
from gateway.framing import ambiguity
from gateway.problems import problem_response
from gateway.request_log import COMMON, log_refused, request_id_of
from gateway.settings import GatewaySettings
from gateway.tap import EXTENSION, Offer, Tap
from gateway.upgrade import head_without_offer

WHITE: Final = b" \t"
MOST_AHEAD: Final = 100  # requests that wait on a connection for the end of the answer before them


class Config(uvicorn.Config):
    """uvicorn's configuration, made of ours."""

    def __init__(self, app: ASGIApp, *, settings: GatewaySettings) -> None:
        super().__init__(
            app,
            loop="none",  # whoever calls us runs it
            http=BoundedHeads,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=list(settings.trusted_proxies),
            timeout_graceful_shutdown=settings.shutdown_s,
        )
        self.head_limit_bytes = settings.head_limit_bytes
        self.head_fields_most = settings.head_fields_most
        self.head_timeout_s = settings.head_timeout_s


@dataclass(slots=True)
class _Head:
    """The head that is coming in, or that came last."""

    arrived: int = 0  # bytes, whatever they are
    fields: int = 0  # when it ended; what comes more are trailers
    is_open: bool = True
    fault: str | None = None  # why it is none that could be answered


class BoundedHeads(HttpToolsProtocol):
    """One connection.

    A head may neither be larger than the limit nor take longer than the time. Two counts of its bytes are needed: what
    was parsed is exact but known only at the end of each header; what arrived bounds a header that never ends.
    """

    # Slots, since these would push the connection's dict past the size that connections share: 1.2 KiB for each.
    __slots__ = ("_earlier", "_head", "_is_between", "_slow")

    config: Config
    _head: _Head
    _slow: TimerHandle | None
    _is_between: bool  # requests: what comes next begins a head
    cycle: RequestResponseCycle | Tap | None  # type: ignore[assignment]
    _earlier: tuple[RequestResponseCycle | Tap, ...]  # that the client did not wait for before it sent the next

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Start to wait for the first head."""
        super().connection_made(transport)
        self._is_between = True
        self._earlier = ()
        self._slow = None
        self._head = _Head()
        self._begin_patience()

    def _begin_patience(self) -> None:
        self._slow = self.loop.call_later(self.config.head_timeout_s, self._refuse_slow)

    def _end_patience(self) -> None:
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None  # it takes as much as a small request

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting, and tell every request that is being answered; uvicorn tells the last that came."""
        self._end_patience()
        for cycle in self._earlier:
            if isinstance(cycle, Tap):
                cycle.lose()
            elif not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        if isinstance(self.cycle, Tap):
            self.cycle.lose()
            self.cycle = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, as long as the head stays within its limit."""
        before, begins = self._head, self._is_between
        self._unset_keepalive_if_required()
        # As uvicorn has it, but for its warnings: what is refused stands in our log, and an upgrade is just not made.
        try:
            self._parse(data)
        except HttpParserError:
            self.send_400_response("This cannot be read as HTTP/1.1.")
            return
        # Where a head begins behind the body of another request, its first bytes are not told from that body's last.
        if self._head is before or begins:
            self._head.arrived += len(data)
        if self._head.is_open:
            if not self._is_between and self._slow is None:
                self._begin_patience()  # most heads come whole, and need none
        elif self.headers is None or len(self.headers) == self._head.fields:
            return
        if self._exceeds():
            self._refuse(_too_large())

    def _parse(self, data: bytes) -> None:
        """Parse all of it; a head that offers an upgrade is read once more without the offer (gateway.upgrade)."""
        rest = memoryview(data)
        while rest:
            try:
                self.parser.feed_data(rest)
            except HttpParserUpgrade as offer:
                method, version = self.parser.get_method(), self.parser.get_http_version()
                self.parser = HttpRequestParser(self)  # the old one may be past the last request of a connection
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
                self.parser.feed_data(head_without_offer(method, self.url, self.headers, version=version))
                rest = rest[offer.args[0] :]
            else:
                return

    def on_message_begin(self) -> None:
        """Begin the head of a request."""
        self._is_between = False
        self._head = _Head()
        self._end_patience()
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, or a trailer. White space around its value is no part of it (RFC 9110, section 5.5)."""
        name, value = name.lower(), value.strip(WHITE)
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_message_complete(self) -> None:
        """End a request, unless its head comes once more."""
        if self.parser.should_upgrade():
            return
        self._is_between = True
        super().on_message_complete()

    def on_headers_complete(self) -> None:
        """Hand the request to the application, if its head is within the limit.

        Raises:
            HeadTooLargeError: it is not, or too many wait already: one read of a socket can bring thousands.
            RequestMalformedError: it is ambiguous, or asks for a tunnel. uvicorn takes both for a request that cannot
                be parsed.
        """
        self._head.is_open = False
        self._head.fields = len(self.headers)
        self._end_patience()
        if self._exceeds() or len(self.pipeline) >= MOST_AHEAD:
            raise _too_large()
        version = self.parser.get_http_version()
        if not self.parser.should_upgrade():
            self._head.fault = ambiguity(self.url, self.headers, version=version)
        elif self.parser.get_method() != b"CONNECT":
            return  # it comes once more
        else:
            self._head.fault = "This is no proxy: it opens no tunnels."
        if self._head.fault is not None:
            raise RequestMalformedError(self._head.fault)
        if version == "1.0":
            self.expect_100_continue = False  # that client would take "100 Continue" for its answer
        if self._earlier or (self.cycle is not None and not self.cycle.response_complete):
            self._earlier = tuple(
                cycle for cycle in (*self._earlier, self.cycle) if cycle is not None and not cycle.response_complete
            )
        super().on_headers_complete()
        offer = Offer(self, cast("RequestResponseCycle", self.cycle))
        self.scope["extensions"] = cast("dict[str, dict[object, object]]", {EXTENSION: offer})

    def replace_cycle(self, cycle: RequestResponseCycle, tap: Tap) -> None:
        """The answer of this cycle goes on by a tap; of its request nothing is needed any more."""
        self._earlier = tuple(tap if each is cycle else each for each in self._earlier)
        if self.cycle is cycle:
            self.cycle = tap
            if self._is_between:
                self.scope = self.headers = None  # type: ignore[assignment]  # as before the first request

    def send_400_response(self, msg: str) -> None:
        """Answer a request that cannot be parsed."""
        if self._exceeds():
            self._refuse(_too_large())
        else:
            self._refuse(RequestMalformedError(self._head.fault or msg))

    def _exceeds(self) -> bool:
        head, limit, headers = self._head, self.config.head_limit_bytes, self.headers
        if head.is_open and head.arrived > limit:
            return True
        if not headers:  # none yet, or of a request that a tap has taken leave of
            return len(getattr(self, "url", b"")) > limit
        parsed = len(self.url) + sum(len(name) + len(value) for name, value in headers)
        return len(headers) > self.config.head_fields_most or parsed > limit

    def _refuse_slow(self) -> None:
        if self._head.arrived or not self._is_between:
            self._refuse(RequestTooSlowError("The headers did not come in time.", advice="Send them at once."))
        elif not self.transport.is_closing():
            self.transport.close()

    def _refuse(self, error: SundogError) -> None:
        """Answer and close; only close where the bytes would be taken for those of another request's answer."""
        if self.transport.is_closing():
            return
        if not self._owes_another():
            self._answer(error)
        self.transport.close()

    def _answer(self, error: SundogError) -> None:
        """Answer, and log it: nobody else knows of this request."""
        headers, target = ((), b"") if self._is_between else (self.headers or (), self.url)
        request_id = request_id_of({"headers": headers})
        answer, status = raw_answer(error, request_id=request_id, added=self.server_state.default_headers)
        self.transport.write(answer)
        log_refused(target, status=status, request_id=request_id)

    def _owes_another(self) -> bool:
        """Whether the answer to an earlier request has not ended, or one to the present request has begun."""
        cycle = self.cycle
        if any(not each.response_complete for each in self._earlier if each is not cycle):
            return True
        if cycle is None or cycle.response_complete:
            return False
        return isinstance(cycle, Tap) or cycle.response_started or not cycle.more_body


def raw_answer(error: SundogError, *, request_id: str, added: Iterable[tuple[bytes, bytes]]) -> tuple[bytes, int]:
    """A problem as it goes over the wire, for a request that never became one, and its status.

    The connection ends with it.

    Args:
        error: what is shown.
        request_id: of the request.
        added: the headers that the server adds to every answer.
    """
    response = problem_response(error, scope={"state": {"request_id": request_id}})
    own = [*added, (b"connection", b"close"), (b"x-request-id", request_id.encode()), *response.raw_headers]
    head = [STATUS_LINE[response.status_code], *(b"%b: %b\r\n" % field for field in own)]
    return b"".join([*head, COMMON[False, False].lines, b"\r\n", bytes(response.body)]), response.status_code


def _too_large() -> HeadTooLargeError:
    return HeadTooLargeError(
        "The request's line and headers are too many or have too many bytes.", advice="Send fewer or shorter ones."
    )
