"""A task as it is asked for: its shape, its bounds, and whether it fits its kind."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from gateway.errors import Fault, InputsInvalidError, KindUnavailableError, KindUnknownError, RequestInvalidError
from gateway.kinds import Catalogue, OfferedKind
from gateway.params import check_params, pointer
from gateway.settings import GatewaySettings

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


Word = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_visible)]
Whole = Annotated[int, Field(strict=True)]


class Submission(BaseModel):
    """A task as asked, with the defaults of the interface filled in; None where the gateway's settings decide."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Word
    inputs: Annotated[dict[Word, UUID], Field(max_length=MOST_INPUTS)]
    params: dict[str, Any] = {}
    priority: Annotated[Whole, Field(ge=-100, le=100)] = 0
    run_at: Annotated[AwareDatetime, AfterValidator(_near)] | None = None
    timeout_s: Annotated[Whole, Field(ge=1)] | None = None
    memory_mb: Annotated[Whole, Field(ge=64)] | None = None
    max_attempts: Annotated[Whole, Field(ge=1)] | None = None
    tags: Annotated[tuple[Word, ...], Field(max_length=MOST_TAGS)] = ()
    reuse: Literal[False] = False


class Accepted(BaseModel):
    """A task that will be recorded: nothing in it is open any more."""

    model_config = ConfigDict(frozen=True)

    kind: str
    inputs: Mapping[str, UUID]
    params: Mapping[str, Any]
    priority: int
    run_at: datetime | None
    timeout_s: int
    memory_mb: int
    max_attempts: int
    tags: tuple[str, ...]


class Admission:
    """Decides whether a task that is asked for can be recorded.

    Args:
        catalogue: what the processors offer.
        settings: the defaults and the bounds.
    """

    def __init__(self, *, catalogue: Catalogue, settings: GatewaySettings) -> None:
        self._catalogue = catalogue
        self._settings = settings

    async def admit(self, asked: object) -> Accepted:
        """The task that is asked for.

        Args:
            asked: the JSON value of the body.

        Raises:
            RequestInvalidError: it is none, or does not fit its kind.
            KindUnavailableError: nobody offers its kind now.
        """
        submission = parse_submission(asked)
        kind = await self._kind(submission.kind)
        _check_inputs(submission.inputs, kind=kind)
        check_params(submission.params, kind=kind)
        return self._within_bounds(submission)

    async def _kind(self, name: str) -> OfferedKind:
        kinds = await self._catalogue.kinds()
        offered = ", ".join(kind.name for kind in kinds.values() if kind.processors) or "none"
        kind = kinds.get(name)
        if kind is None:
            fault = Fault(pointer="/kind", detail=f"there is no kind {name!r}")
            raise KindUnknownError([fault], advice=f"Kinds on offer now: {offered}.")
        if kind.processors == 0:
            raise KindUnavailableError(
                f"No processor that offers the kind {name!r} is running.",
                advice=f"Start one, or try again soon. Kinds on offer now: {offered}.",
            )
        return kind

    def _within_bounds(self, submission: Submission) -> Accepted:
        settings = self._settings
        accepted = Accepted(
            kind=submission.kind,
            inputs=submission.inputs,
            params=submission.params,
            priority=submission.priority,
            run_at=submission.run_at,
            timeout_s=submission.timeout_s or settings.task_timeout_s,
            memory_mb=submission.memory_mb or settings.task_memory_mb,
            max_attempts=submission.max_attempts or settings.task_attempts,
            tags=submission.tags,
        )
        bounds = {
            "timeout_s": (accepted.timeout_s, settings.task_timeout_s_most),
            "memory_mb": (accepted.memory_mb, settings.task_memory_mb_most),
            "max_attempts": (accepted.max_attempts, settings.task_attempts_most),
        }
        faults = [
            Fault(pointer=f"/{name}", detail=f"must be ≤ {most}")
            for name, (value, most) in bounds.items()
            if value > most
        ]
        if faults:
            raise RequestInvalidError(faults)
        return accepted


def parse_submission(asked: object) -> Submission:
    """The shape of a task that is asked for.

    Raises:
        RequestInvalidError: it has another shape.
    """
    try:
        return Submission.model_validate(asked)
    except ValidationError as error:
        faults = [
            Fault(
                pointer=pointer(part for part in fault["loc"] if part != "[key]"),
                detail=SENTENCES.get(fault["type"]) or _sentence(fault["msg"]),
            )
            for fault in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise RequestInvalidError(faults, advice="docs/http-api.md shows a task as it is asked for.") from error


def _check_inputs(inputs: Mapping[str, UUID], *, kind: OfferedKind) -> None:
    faults = [
        Fault(pointer=pointer(("inputs", name)), detail=f"is missing: {kind.inputs[name]}")
        for name in kind.inputs
        if name not in inputs
    ]
    faults += [
        Fault(pointer=pointer(("inputs", name)), detail=f"is no input of {kind.name}")
        for name in inputs
        if name not in kind.inputs
    ]
    if faults:
        raise InputsInvalidError(faults, advice=f"{kind.name} takes: {', '.join(kind.inputs) or 'no inputs'}.")


def _sentence(message: str) -> str:
    plain = message.removeprefix("Value error, ")
    return plain[:1].lower() + plain[1:]
