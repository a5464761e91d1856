"""JSON in and out: refuses what other readers of it would choke on, and writes what any of them can read."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NoReturn

from starlette.responses import Response

from gateway.errors import BodyInvalidError

DEEPEST: Final = 64
MOST_DIGITS: Final = 308  # a float's range; beyond it, comparing the number with one fails


def parse_json(text: bytes | str) -> Any:
    """The value of a JSON text from outside.

    Raises:
        BodyInvalidError: it is no JSON (NaN and infinite numbers are none), no UTF-8, or nested too deep.
    """
    try:
        value = json.loads(
            text.decode("utf-8-sig") if isinstance(text, bytes) else text,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_of_a_size,
        )
    except UnicodeDecodeError as error:
        raise BodyInvalidError("The JSON is not encoded in UTF-8.") from error
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        raise BodyInvalidError(
            f"This is no JSON: {str(error)[:200]}.", advice="Check its quotes and commas."
        ) from error
    _check_depth(value)
    return value


def json_bytes(value: object) -> bytes:
    """A value as JSON in UTF-8; half characters (lone surrogates), which UTF-8 cannot hold, are written as escapes."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


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
    return time.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _of_a_size(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError("a number is too large")
    return int(digits)


def _check_depth(value: object) -> None:
    level: list[object] = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise _too_deep()


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _too_deep() -> BodyInvalidError:
    return BodyInvalidError(f"The JSON is nested deeper than {DEEPEST} levels.", advice="Make it flatter.")
