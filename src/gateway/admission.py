"""Whether a task that is asked for can be recorded: does it fit its kind, is it within the bounds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from common.words import ANY_INPUT
from gateway.errors import Fault, InputsInvalidError, KindUnknownError, RequestInvalidError
from gateway.json_pointer import pointer
from gateway.json_text import compact_json
from gateway.kinds import Catalogue, OfferedKind, near_kinds
from gateway.params import check_params
from gateway.patience import Patience
from gateway.settings import GatewaySettings
from gateway.submission import Changes, Submission, parse_submission


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A task that will be recorded: nothing in it is open any more.

    Attributes:
        params: as JSON.
    """

    kind: str
    kind_version: str
    inputs: Mapping[str, UUID]
    params: str
    priority: int
    run_at: datetime | None
    timeout_s: int
    memory_mb: int
    max_attempts: int
    tags: tuple[str, ...]
    reuse: bool


class Admission:
    """Decides whether a task that is asked for can be recorded.

    A kind that was ever announced is enough: tasks wait until a processor that has it comes back.

    Args:
        catalogue: what the processors offer, or offered once.
        settings: the defaults and the bounds.
    """

    def __init__(self, *, catalogue: Catalogue, settings: GatewaySettings) -> None:
        self._catalogue = catalogue
        self._settings = settings

    async def admit(self, asked: object, *, patience: Patience | None = None) -> Accepted:
        """The task that is asked for.

        Args:
            asked: the JSON value of the body.
            patience: with a request that asks for more than this task.

        Raises:
            RequestInvalidError: it is none, or does not fit its kind.
        """
        submission = parse_submission(asked)
        kind = await self.kind(submission.kind)
        _check_inputs(submission.inputs, kind=kind)
        check_params(submission.params, kind=kind, patience=patience)
        self.check_limits(submission)
        return self._accepted(submission, kind=kind)

    async def kind(self, name: str) -> OfferedKind:
        """The kind of this name, as it was announced last.

        Raises:
            KindUnknownError: it never was.
        """
        kinds = await self._catalogue.kinds()
        kind = kinds.get(name)
        if kind is None:
            fault = Fault(pointer="/kind", detail=f"there is no kind {name!r}")
            raise KindUnknownError([fault], advice=near_kinds(name, kinds))
        return kind

    async def versions(self) -> Mapping[str, str]:
        """The version of each kind, as it was announced last."""
        return {name: kind.version for name, kind in (await self._catalogue.kinds()).items()}

    def check_limits(self, asked: Submission | Changes) -> None:
        """Pass if no limit is more than a task may ask for.

        Raises:
            RequestInvalidError: one is.
        """
        if asked.timeout_s is asked.memory_mb is asked.max_attempts is None:
            return
        settings = self._settings
        bounds = {
            "timeout_s": (asked.timeout_s, settings.task_timeout_s_most),
            "memory_mb": (asked.memory_mb, settings.task_memory_mb_most),
            "max_attempts": (asked.max_attempts, settings.task_attempts_most),
        }
        faults = [
            Fault(pointer=f"/{name}", detail=f"must be ≤ {most}")
            for name, (value, most) in bounds.items()
            if value is not None and value > most
        ]
        if faults:
            raise RequestInvalidError(faults)

    def _accepted(self, submission: Submission, *, kind: OfferedKind) -> Accepted:
        settings = self._settings
        return Accepted(
            kind=kind.name,
            kind_version=kind.version,
            inputs=submission.inputs,
            params=compact_json(submission.params),
            priority=submission.priority,
            run_at=submission.run_at,
            timeout_s=submission.timeout_s or settings.task_timeout_s,
            memory_mb=submission.memory_mb or settings.task_memory_mb,
            max_attempts=submission.max_attempts or settings.task_attempts,
            tags=submission.tags,
            reuse=submission.reuse,
        )


def _check_inputs(inputs: Mapping[str, UUID], *, kind: OfferedKind) -> None:
    if ANY_INPUT in kind.inputs:
        if not inputs:
            faults = [Fault(pointer="/inputs", detail=f"is empty: {kind.inputs[ANY_INPUT]}")]
            raise InputsInvalidError(
                faults, advice=f"{kind.name} takes one or more inputs, under names of your choice."
            )
        return
    faults = [
        Fault(pointer=pointer(("inputs", name)), detail=f"is missing: {kind.inputs[name]}")
        for name in kind.inputs
        if name not in inputs and not name.endswith("?")
    ]
    faults += [
        Fault(pointer=pointer(("inputs", name)), detail=f"is no input of {kind.name}")
        for name in inputs
        if name not in kind.input_names
    ]
    if faults:
        raise InputsInvalidError(faults, advice=f"{kind.name} takes: {', '.join(kind.inputs) or 'no inputs'}.")
