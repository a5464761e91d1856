"""multipart/form-data (RFC 7578) as a stream: one part after the other, files in constant memory and never on disk."""

import re
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from common.storage import TooLargeError
from gateway.errors import BodyInvalidError

if TYPE_CHECKING:  # the library has it for type checkers alone
    from python_multipart.multipart import MultipartCallbacks

MOST_PARTS: Final = 64
# What a form may add to the bytes of its file.
SLACK_BYTES: Final = 1 << 20
ESCAPED: Final = re.compile("%(?:22|0D|0A)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands before a part's bytes; `filename` is None for a plain field."""

    name: str
    filename: str | None
    media_type: str


class Part:
    """One part of a form; its bytes can be taken once, before the next part."""

    def __init__(self, head: Head, form: "Form") -> None:
        self.head = head
        self._form = form

    async def chunks(self) -> AsyncIterator[bytes]:
        """The part's bytes, as they come."""
        while isinstance(token := await self._form.next_token(), bytes):
            yield token

    async def text(self, *, limit: int) -> str:
        """The part's bytes as UTF-8.

        Raises:
            TooLargeError: there are more than `limit`.
            BodyInvalidError: they are no UTF-8.
        """
        value = bytearray()
        async for chunk in self.chunks():
            value += chunk
            if len(value) > limit:
                raise TooLargeError(f"The field {self.head.name!r} has more than {limit} bytes.")
        try:
            return value.decode()
        except UnicodeDecodeError as error:
            raise BodyInvalidError(f"The field {self.head.name!r} is not encoded in UTF-8.") from error


class Form:
    """The parts of one body.

    Args:
        stream: the body's bytes.
        content_type: the request's, which names the boundary.

    Raises:
        BodyInvalidError: it names none.
    """

    def __init__(self, stream: AsyncIterator[bytes], *, content_type: str) -> None:
        self._stream = stream
        self._tokens = _Tokens()
        boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
        if not boundary:
            raise BodyInvalidError("The form's content type names no boundary.")
        try:
            self._parser = MultipartParser(boundary, self._tokens.callbacks())
        except FormParserError as error:
            raise BodyInvalidError("The form's boundary is too long.") from error

    async def parts(self) -> AsyncIterator[Part]:
        """Each part in its order; what was not taken of one is dropped when the next is asked for.

        Raises:
            BodyInvalidError: this is no form, it broke off, or it has too many parts.
        """
        for _ in range(MOST_PARTS):
            while not isinstance(token := await self.next_token(), Head):
                if token is END_OF_FORM:
                    await self._drop_epilogue()
                    return
            yield Part(token, self)
        raise BodyInvalidError(f"A form may have {MOST_PARTS} parts at most.")

    async def next_token(self) -> "Token":
        """The next thing in the form."""
        while not self._tokens.ready:
            await self._read()
        if self._tokens.ready[0] is END_OF_FORM:
            return END_OF_FORM
        return self._tokens.ready.popleft()

    async def _drop_epilogue(self) -> None:
        """Take what follows the form, usually a line end, so that the connection can be used again."""
        left = SLACK_BYTES
        async for chunk in self._stream:
            left -= len(chunk)
            if left < 0:
                raise BodyInvalidError("The form does not end with its last part.")

    async def _read(self) -> None:
        try:
            chunk = await anext(self._stream, b"")
            if not chunk:
                raise BodyInvalidError("The form broke off before its end.")
            self._parser.write(chunk)
        except FormParserError as error:
            raise BodyInvalidError("This is no multipart form.") from error


class _Mark:
    """An end; there is one object for each."""


END_OF_PART: Final = _Mark()
END_OF_FORM: Final = _Mark()
Token = Head | bytes | _Mark


class _Tokens:
    """Turns the parser's calls into tokens."""

    def __init__(self) -> None:
        self.ready: deque[Token] = deque()
        self._field = b""
        self._value = b""
        self._headers: dict[bytes, bytes] = {}

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._take_field,
            "on_header_value": self._take_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_part_data": lambda data, start, end: self.ready.append(data[start:end]),
            "on_part_end": lambda: self.ready.append(END_OF_PART),
            "on_end": lambda: self.ready.append(END_OF_FORM),
        }

    def _begin(self) -> None:
        self._headers = {}

    def _take_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _take_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field = self._value = b""

    def _end_headers(self) -> None:
        disposition, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if disposition != b"form-data" or b"name" not in options:
            raise BodyInvalidError("A part of the form has no name.")
        filename = options.get(b"filename")
        self.ready.append(
            Head(
                name=_word(options[b"name"]),
                filename=None if filename is None else _word(filename),
                media_type=self._headers.get(b"content-type", b"").decode("latin-1"),
            )
        )


def _word(text: bytes) -> str:
    """A name as it was: what would end it is written as `%22`, `%0D`, `%0A`, and nothing else so (WHATWG, curl)."""
    return ESCAPED.sub(lambda found: chr(int(found[0][1:], 16)), text.decode("utf-8", "replace"))
