"""What is wrong in the body of a request, and where; `gateway.problems` knows its HTTP status."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from common.errors import SundogError


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong in a request: where (a JSON Pointer into its body, RFC 6901) and what."""

    pointer: str
    detail: str


class RequestInvalidError(SundogError):
    """A value in the request cannot be accepted; `faults` names each, the first is the message."""

    code = "request_invalid"

    def __init__(self, faults: Sequence[Fault], *, advice: str | None = None) -> None:
        super().__init__(f"{faults[0].pointer or 'The body'}: {faults[0].detail}", advice=advice)
        self.faults = tuple(faults)

    def inside(self, place: str) -> Self:
        """The same error about a value that stands at `place` (a JSON Pointer) in a larger body."""
        return type(self)(
            [Fault(pointer=place + fault.pointer, detail=fault.detail) for fault in self.faults], advice=self.advice
        )


class TaskParamsError(RequestInvalidError):
    """The params do not fit the kind's schema."""

    code = "params_invalid"


class KindUnknownError(RequestInvalidError):
    """No processor has announced this kind."""

    code = "kind_unknown"


class DatasetUnknownError(RequestInvalidError):
    """An input names a dataset that the tenant does not have."""

    code = "dataset_unknown"


class InputsInvalidError(RequestInvalidError):
    """The names of the inputs are not those of the kind."""

    code = "inputs_invalid"
