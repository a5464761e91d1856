"""JSON in and out: refuses what other readers of it would choke on, and writes what any of them can read."""

import json
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Final, NoReturn

from pydantic_core import PydanticSerializationError, from_json, to_json
from starlette.responses import Response

from gateway.errors import BodyInvalidError
from gateway.faults import RequestInvalidError
from gateway.half_characters import half_character_in

DEEPEST: Final = 64
TOO_LARGE: Final = 10**308  # a float's range; comparing a number beyond it with one fails
# What the parser says → what is wrong, in our words.
REASONS: Final[Mapping[str, str]] = {
    "Expecting value": "a value is missing",
    "Expecting property name enclosed in double quotes": "a name in double quotes is missing",
    "Expecting ',' delimiter": "a comma is missing",
    "Expecting ':' delimiter": "a colon is missing",
    "Illegal trailing comma before end of object": "a comma is too many",
    "Illegal trailing comma before end of array": "a comma is too many",
    "Extra data": "there is more after its end",
    "Unterminated string starting at": "a text has no end",
    "Invalid control character at": "a text has a control character",
    "Invalid \\escape": "a text has an escape that is none",
    "Invalid \\uXXXX escape": "a text has an escape that is none",
}
PLAIN_BELOW: Final = 10**300  # well within that
NUMBERS: Final = frozenset({int, float})
NESTED: Final = frozenset({dict, list})


def parse_json(text: bytes | str) -> Any:
    """The value of a JSON text from outside.

    Raises:
        BodyInvalidError: it is no JSON (NaN and infinite numbers are none), no UTF-8, or nested too deep.
        RequestInvalidError: a text in it has half a character.
    """
    try:
        value = from_json(text, allow_inf_nan=False)
    except ValueError:  # the quick reader takes less than we do, and says less
        value = _parse_slowly(text)
        _check(value)  # first, since what is nested too deep is not looked into for halves
        _refuse_halves(value)
        return value
    _check(value)
    return value


def _parse_slowly(text: bytes | str) -> Any:
    try:
        return json.loads(
            text.decode("utf-8-sig") if isinstance(text, bytes) else text, parse_constant=_refuse_constant
        )
    except UnicodeDecodeError as error:
        raise BodyInvalidError("The JSON is not encoded in UTF-8.") from error
    except RecursionError as error:
        raise _too_deep() from error
    except json.JSONDecodeError as error:
        why = REASONS.get(error.msg, "something is wrong")
        raise BodyInvalidError(
            f"This is no JSON: {why}, at line {error.lineno}, column {error.colno}.",
            advice="Check its quotes and commas.",
        ) from error
    except ValueError as error:  # Python's own bound of digits
        raise _no_number("a number is too large") from error


def _refuse_halves(value: object) -> None:
    if (fault := half_character_in(value)) is not None:
        raise RequestInvalidError([fault], advice="Write a character beyond U+FFFF as itself, or as two escapes.")


def stored_json(text: str) -> Any:
    """The value of a JSON text of our own, as Postgres gives it back."""
    try:
        return from_json(text)
    except ValueError:  # half a character, which the quick reader does not take
        return json.loads(text)


def compact_json(value: object) -> str:
    """A value that came from `parse_json`, with ids in it, as a short JSON text, quickly."""
    return to_json(value).decode()


def json_bytes(value: object) -> bytes:
    """A value as JSON in UTF-8; half characters (lone surrogates), which UTF-8 cannot hold, are written as escapes."""
    try:
        return to_json(value)
    except PydanticSerializationError:
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def json_with(value: Mapping[str, object], name: str, text: str) -> bytes:
    """An object with some members, as JSON, and one more whose value is JSON already and stays as it was written."""
    return b'%b,"%b":%b}' % (json_bytes(value)[:-1], name.encode(), text.encode())


def json_response(
    value: object, *, status: int = 200, headers: Mapping[str, str] | None = None, media_type: str = "application/json"
) -> Response:
    """An answer with a JSON body."""
    return Response(json_bytes(value), status_code=status, headers=headers, media_type=media_type)


def instant(moment: datetime | str | None) -> str | None:
    """A time as the interface writes it: ISO 8601 in UTC, from what asyncpg gives or Postgres writes into JSON."""
    if moment is None:
        return None
    time = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    if time.tzinfo is not UTC:
        time = time.astimezone(UTC)
    return time.isoformat(timespec="microseconds")[: -len("+00:00")] + "Z"


def _refuse_constant(word: str) -> NoReturn:
    raise _no_number(f"{word} is no number")


def _no_number(why: str) -> BodyInvalidError:
    return BodyInvalidError(f"This is no JSON: {why}.", advice="Check its numbers.")


def _check(value: object) -> None:
    """Pass if it is not nested too deep, and no number is too large; level by level, which is quicker than each."""
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        numbers = [each for each in level if type(each) in NUMBERS]
        if numbers and not (min(numbers) > -PLAIN_BELOW and max(numbers) < PLAIN_BELOW):
            _check_sizes(numbers)
        nested = [each.values() if type(each) is dict else each for each in level if type(each) in NESTED and each]
        if not nested:
            return
        level = list(chain.from_iterable(nested))
    raise _too_deep()


def _check_sizes(numbers: Iterable[float]) -> None:
    for number in numbers:
        if not (math.isfinite(number) if isinstance(number, float) else -TOO_LARGE < number < TOO_LARGE):
            raise _no_number("a number is too large")


def _too_deep() -> BodyInvalidError:
    return BodyInvalidError(f"The JSON is nested deeper than {DEEPEST} levels.", advice="Make it flatter.")
