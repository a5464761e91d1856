"""Checks a task's params against the JSON Schema of its kind."""

from collections.abc import Mapping
from contextlib import closing
from typing import Any, Final

from gateway.errors import Fault, TaskParamsError
from gateway.kinds import OfferedKind
from gateway.patience import Patience
from gateway.schema_faults import faults_of

MOST_FAULTS: Final = 20


def check_params(params: Mapping[str, Any], *, kind: OfferedKind, patience: Patience | None = None) -> None:
    """Pass if the params fit the kind.

    Args:
        params: of a task.
        kind: the task's.
        patience: with the request; None if these params are all of it.

    Raises:
        TaskParamsError: they do not. It names places, each once: more may be wrong with what is there.
    """
    faults: dict[str, Fault] = {}
    with closing(kind.judge.complaints(params, patience=patience)) as complaints:
        for fault in (fault for complaint in complaints for fault in faults_of(complaint)):
            faults.setdefault(fault.pointer, fault)
            if len(faults) == MOST_FAULTS:
                break
    if faults:
        ordered = sorted(faults.values(), key=lambda fault: _place(fault.pointer))
        raise TaskParamsError(ordered, advice=f"The parameters of {kind.name} are described at /v1/kinds.")


def _place(pointer: str) -> list[tuple[int, str]]:
    """By which /rules/2 comes before /rules/10: a longer number is a larger one."""
    return [(len(part) if part.isdecimal() else 0, part) for part in pointer.split("/")]
