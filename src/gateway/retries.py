"""Retries by hand: a failed or cancelled task goes back into the queue, as it was or changed; its feed goes on."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from common.database import Pool
from common.notifier import Notifier
from common.queries import load_query
from common.words import TaskState
from gateway.admission import Admission
from gateway.deeds import Deed, Deeds
from gateway.digests import canonical_json, question_digest
from gateway.errors import TaskNotRetriableError
from gateway.faults import DatasetUnknownError, Fault
from gateway.json_pointer import pointer
from gateway.params import check_params
from gateway.paths import not_found
from gateway.room import QueueRoom
from gateway.submission import Changes, parse_changes
from gateway.task_view import Row
from gateway.tasks import Tasks

RETRY_TASK: Final = load_query("gateway", "retry_task")
RETRY_TASKS: Final = load_query("gateway", "retry_tasks")

LIMITS: Final = ("priority", "timeout_s", "memory_mb", "max_attempts")
UNCHANGED: Final = json.dumps({"retry": True})


class Retries:
    """Puts tasks back.

    Args:
        pool: of the gateway's database role.
        notifier: told after each commit.
        tasks: finds them.
        admission: judges what is changed.
        room: how many tasks may wait.
    """

    def __init__(self, *, pool: Pool, notifier: Notifier, tasks: Tasks, admission: Admission, room: QueueRoom) -> None:
        self._room = room
        self._pool = pool
        self._notifier = notifier
        self._tasks = tasks
        self._admission = admission

    async def retry(self, identity: UUID, asked: object, *, tenant: str, deeds: Deeds) -> Row:
        """Retry one task, perhaps changed, and return it; one that waits or runs as it is asked for stays as it is.

        Args:
            identity: the task's.
            asked: the JSON value of the body: what to change.
            tenant: whose task it is.
            deeds: is told if it was put back.

        Raises:
            NotFoundError: the tenant has no such task.
            RequestInvalidError: the changes cannot be.
            TaskNotRetriableError: it succeeded, or it waits or runs and is not as the changes want it.
        """
        changes = parse_changes(asked)
        self._admission.check_limits(changes)
        while True:
            row = await self._find(identity, tenant=tenant)
            if row["state"] not in {TaskState.FAILED, TaskState.CANCELLED}:
                _check_is_wanted(row, changes)
                deeds.note()
                return row
            await self._room.take(tenant, 1)
            if await self._put_back(row, changes):
                deeds.note(Deed(object=identity))
                self._notifier.work_arrived([row["kind"]])
                self._notifier.feed_moved([identity])
                return await self._find(identity, tenant=tenant)

    async def retry_all(self, ids: Sequence[UUID], *, tenant: str) -> Collection[UUID]:
        """Retry those of the tasks that failed or were cancelled, as they are; returns which."""
        await self._room.take(tenant, len(ids))
        versions = await self._admission.versions()
        rows = await self._pool.fetch(
            RETRY_TASKS, list(ids), tenant, list(versions), list(versions.values()), UNCHANGED
        )
        self._notifier.work_arrived({row["kind"] for row in rows})
        done = [row["id"] for row in rows]
        self._notifier.feed_moved(done)
        return done

    async def _find(self, identity: UUID, *, tenant: str) -> Row:
        row = await self._tasks.find(identity, tenant=tenant)
        if row is None:
            raise not_found("task")
        return row

    async def _put_back(self, row: Row, changes: Changes) -> bool:
        """Whether it was as `row` says, and is in the queue now."""
        kind = await self._admission.kind(row["kind"])
        params = json.loads(row["params"]) if changes.params is None else changes.params
        check_params(params, kind=kind)
        _check_inputs_are_there(row)
        changed = differences(row, changes)
        limits = [row[name] if getattr(changes, name) is None else getattr(changes, name) for name in LIMITS]
        digest = question_digest(tenant=row["tenant"], kind=kind.name, params=params)
        done = await self._pool.fetchval(
            RETRY_TASK,
            *(row["id"], row["tenant"], row["version"], json.dumps(params), *limits, kind.version, digest),
            json.dumps({"retry": True, "changed": changed}) if changed else UNCHANGED,
        )
        return done is not None


def differences(row: Row, changes: Changes) -> Mapping[str, Mapping[str, Any]]:
    """What changes about a task, by its place in the body of a request; what was or will be absent is absent."""
    old: dict[str, Any] = {f"/{name}": row[name] for name in LIMITS}
    new: dict[str, Any] = {f"/{name}": getattr(changes, name) for name in LIMITS if getattr(changes, name) is not None}
    if changes.params is not None:
        old |= {pointer(("params", name)): value for name, value in json.loads(row["params"]).items()}
        new |= {pointer(("params", name)): value for name, value in changes.params.items()}
        places = [*new, *(place for place in old if place.startswith("/params/") and place not in new)]
    else:
        places = list(new)
    return {
        place: {word: side[place] for word, side in (("from", old), ("to", new)) if place in side}
        for place in places
        if place not in old or place not in new or canonical_json(old[place]) != canonical_json(new[place])
    }


def _check_is_wanted(row: Row, changes: Changes) -> None:
    if row["state"] == TaskState.SUCCEEDED:
        raise TaskNotRetriableError("The task succeeded: its result is there.", advice="Ask for a new task.")
    if changed := differences(row, changes):
        raise TaskNotRetriableError(
            f"The task is {row['state']}, and {next(iter(changed))} would change.",
            advice="Cancel it first, then retry it with the changes.",
        )


def _check_inputs_are_there(row: Row) -> None:
    inputs = json.loads(row["inputs"] or "{}")
    faults = [
        Fault(pointer=pointer(("inputs", name)), detail="the dataset is no longer there")
        for name, dataset in inputs.items()
        if dataset["id"] is None
    ]
    if faults:
        raise DatasetUnknownError(faults, advice="Hand the file in again and ask for a new task.")
