"""Errors that a person may see: a stable code, a sentence, and what to do about it.

Only the edges know what an error becomes (a problem+json in the gateway, a failed task in the processor). Everything
that is not a `SundogError` is unknown: it is logged in full and shown as nothing.
"""

from collections.abc import Mapping
from typing import ClassVar


class SundogError(Exception):
    """The base of all errors that carry a sentence for a person.

    Attributes:
        code: stable, lower snake case; clients may branch on it. Listed in docs/errors.md.
        message: one sentence that says what is wrong.
        advice: one sentence that says what to do, or None where there is nothing to do.
    """

    code: ClassVar[str] = "internal"

    def __init__(self, message: str, *, advice: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def as_json(self) -> Mapping[str, str | None]:
        """The error as a task's `error` and an event's `error` show it."""
        return {"code": self.code, "message": self.message, "advice": self.advice}


class ConfigurationError(SundogError):
    """The settings contradict each other or the machine; raised at start, before anything is served."""

    code = "configuration"


class InputError(SundogError):
    """The bytes handed in are not what the analysis needs; trying again would end the same way."""

    code = "input_unreadable"


class ParamsError(SundogError):
    """A parameter is wrong; `pointer` is its place as a JSON Pointer (RFC 6901) into the request's body."""

    code = "params_invalid"

    def __init__(self, message: str, *, pointer: str, advice: str | None = None) -> None:
        super().__init__(message, advice=advice)
        self.pointer = pointer
