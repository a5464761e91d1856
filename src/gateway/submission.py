"""A task as it is asked for, or what a retry changes about it: the shape, read from JSON."""

import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from gateway.errors import RequestInvalidError
from gateway.params import MOST_FAULTS
from gateway.submission_faults import A_TIME, fault_of

MOST_TAGS: Final = 16
MOST_INPUTS: Final = 16
LONGEST_DELAY: Final = timedelta(days=366)
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)

A_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _visible(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must have only characters that can be seen")
    return text


def _dated(value: object) -> object:
    """The library takes numbers, also as texts, for seconds or milliseconds, by their size."""
    if value is not None and not (isinstance(value, str) and A_DATE.match(value)):
        raise ValueError(A_TIME)
    return value


def _near(moment: datetime) -> datetime:
    if not EARLIEST <= moment <= datetime.now(UTC) + LONGEST_DELAY:
        raise ValueError(f"must lie within {LONGEST_DELAY.days} days")
    return moment


def _not_more(most: int) -> BeforeValidator:
    """Looks at how many there are before each is looked at: of a hundred thousand, one fault is enough."""

    def check(value: object) -> object:
        if isinstance(value, dict | list) and len(value) > most:
            raise PydanticCustomError("too_long", "too many", {"max_length": most})
        return value

    return BeforeValidator(check)


def _once_each(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


def _integral(value: object) -> object:
    """5.0 is a whole number to JSON Schema, and to languages that have no others."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Word = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_visible)]
Whole = Annotated[int, Field(strict=True)]
Priority = Annotated[Whole, Field(ge=-100, le=100), BeforeValidator(_integral)]
TimeoutS = Annotated[Whole, Field(ge=1), BeforeValidator(_integral)]
MemoryMb = Annotated[Whole, Field(ge=64), BeforeValidator(_integral)]
MaxAttempts = Annotated[Whole, Field(ge=1), BeforeValidator(_integral)]


class Submission(BaseModel):
    """A task as asked, with the defaults of the interface filled in; None where the gateway's settings decide."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Word
    inputs: Annotated[dict[Word, UUID], Field(max_length=MOST_INPUTS), _not_more(MOST_INPUTS)]
    params: dict[str, Any] = {}
    priority: Priority = 0
    run_at: Annotated[AwareDatetime, BeforeValidator(_dated), AfterValidator(_near)] | None = None
    timeout_s: TimeoutS | None = None
    memory_mb: MemoryMb | None = None
    max_attempts: MaxAttempts | None = None
    tags: Annotated[
        tuple[Word, ...], Field(max_length=MOST_TAGS), AfterValidator(_once_each), _not_more(MOST_TAGS)
    ] = ()
    reuse: Annotated[bool, Field(strict=True)] = False


class Changes(BaseModel):
    """What a retry changes about its task; None: nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    params: dict[str, Any] | None = None
    priority: Priority | None = None
    timeout_s: TimeoutS | None = None
    memory_mb: MemoryMb | None = None
    max_attempts: MaxAttempts | None = None


Shape = TypeVar("Shape", Submission, Changes)


def parse_submission(asked: object) -> Submission:
    """The shape of a task that is asked for.

    Raises:
        RequestInvalidError: it has another shape.
    """
    return _parse(Submission, asked)


def parse_changes(asked: object) -> Changes:
    """The shape of a retry's changes.

    Raises:
        RequestInvalidError: it has another shape.
    """
    return _parse(Changes, asked)


def _parse(shape: type[Shape], asked: object) -> Shape:
    try:
        return shape.model_validate(_without_many_unknown(asked, fields=shape.model_fields))
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        faults = [fault_of(each, fields=shape.model_fields) for each in found[:MOST_FAULTS]]
        raise RequestInvalidError(faults, advice=ADVICE[shape]) from error


def _without_many_unknown(asked: object, *, fields: Collection[str]) -> object:
    """What is asked for, with no more fields that there are not than are told of."""
    if not isinstance(asked, dict) or len(asked) <= len(fields) + MOST_FAULTS:
        return asked
    unknown = islice((name for name in asked if name not in fields), MOST_FAULTS)
    return {name: asked[name] for name in (*(name for name in fields if name in asked), *unknown)}


ADVICE: Final = {
    Submission: "/dashboard/reference.html#createTask shows a task as it is asked for.",
    Changes: "/dashboard/reference.html#retryTask shows what a retry may change.",
}
