"""A task as it is asked for, or what a retry changes about it: the shape, read from JSON."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from gateway.errors import Fault, RequestInvalidError
from gateway.json_pointer import pointer

MOST_TAGS: Final = 16
MOST_INPUTS: Final = 16
LONGEST_DELAY: Final = timedelta(days=366)
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)

# Where the library's own words would mislead.
SENTENCES: Final = {"extra_forbidden": "is no field of a task", "missing": "is missing"}


def _visible(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must have only characters that can be seen")
    return text


def _near(moment: datetime) -> datetime:
    if not EARLIEST <= moment <= datetime.now(UTC) + LONGEST_DELAY:
        raise ValueError(f"must lie within {LONGEST_DELAY.days} days")
    return moment


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
    inputs: Annotated[dict[Word, UUID], Field(max_length=MOST_INPUTS)]
    params: dict[str, Any] = {}
    priority: Priority = 0
    run_at: Annotated[AwareDatetime, AfterValidator(_near)] | None = None
    timeout_s: TimeoutS | None = None
    memory_mb: MemoryMb | None = None
    max_attempts: MaxAttempts | None = None
    tags: Annotated[tuple[Word, ...], Field(max_length=MOST_TAGS), AfterValidator(_once_each)] = ()
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
        return shape.model_validate(asked)
    except ValidationError as error:
        faults = [
            Fault(
                pointer=pointer(part for part in fault["loc"] if part != "[key]"),
                detail=SENTENCES.get(fault["type"]) or _sentence(fault["msg"]),
            )
            for fault in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise RequestInvalidError(faults, advice="docs/http-api.md shows a task as it is asked for.") from error


def _sentence(message: str) -> str:
    plain = message.removeprefix("Value error, ")
    return plain[:1].lower() + plain[1:]
