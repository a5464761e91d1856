"""Many tasks in one request: `{"tasks": [...]}`, all of them or none."""

from collections.abc import Sequence
from itertools import islice
from typing import Final

import anyio

from gateway.admission import Accepted, Admission
from gateway.errors import Fault, RequestInvalidError
from gateway.json_pointer import pointer, short_pointer
from gateway.params import MOST_FAULTS
from gateway.patience import Patience

MOST_TASKS: Final = 1_000
TASKS_A_RUN: Final = 20  # then others get their turn: checking or showing that many takes a few milliseconds
ADVICE: Final = 'Send {"tasks": […]} with tasks as POST /v1/tasks takes them.'


async def admit_batch(asked: object, *, admission: Admission) -> Sequence[Accepted]:
    """The tasks of a batch.

    Raises:
        RequestInvalidError: it is none, or one of its tasks cannot be recorded; its faults are those of all tasks, up
            to a number, and as far as there is time for them; its code and advice those of the first.
    """
    accepted: list[Accepted] = []
    refused: list[RequestInvalidError] = []
    patience = Patience()
    for number, task in enumerate(_tasks(asked)):
        try:
            accepted.append(await admission.admit(task, patience=patience))
        except RequestInvalidError as error:
            refused.append(error.inside(place_of(number)))
            if patience.is_over or sum(len(each.faults) for each in refused) >= MOST_FAULTS:
                break
            await anyio.lowlevel.checkpoint()  # what is wrong takes longer to find than what is right
        if number % TASKS_A_RUN == 0:
            await anyio.lowlevel.checkpoint()
    if refused:
        raise _together(refused)
    return accepted


def place_of(number: int) -> str:
    """Where the task with this number stands in the body."""
    return pointer(("tasks", number))


def _tasks(asked: object) -> Sequence[object]:
    if not isinstance(asked, dict):
        raise RequestInvalidError([Fault(pointer="", detail="must be an object with a list of tasks")], advice=ADVICE)
    if unknown := [_unknown(name) for name in islice((name for name in asked if name != "tasks"), MOST_FAULTS)]:
        raise RequestInvalidError(unknown, advice=ADVICE)
    tasks = asked.get("tasks")
    if not isinstance(tasks, list) or not 1 <= len(tasks) <= MOST_TASKS:
        fault = Fault(pointer="/tasks", detail=f"must be a list of 1 to {MOST_TASKS} tasks")
        raise RequestInvalidError([fault], advice=ADVICE)
    return tasks


def _unknown(name: str) -> Fault:
    place, beginning = short_pointer([name])
    return Fault(pointer=place, detail=f"{beginning}is no field of a batch")


def _together(refused: Sequence[RequestInvalidError]) -> RequestInvalidError:
    faults = [fault for error in refused for fault in error.faults]
    return type(refused[0])(faults[:MOST_FAULTS], advice=refused[0].advice)
