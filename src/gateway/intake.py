"""Takes requests for tasks, each once, however often it comes.

A client that gets no answer cannot know whether its request arrived; so it sends it again. It is recognised by the key
that it carries, or by the id that it chose for its task. Both are looked up before the request is judged, since what
was accepted once must not be refused the second time because the kinds or the bounds have changed since. Two that come
at once both find nothing and both try to record; a unique index lets one of them, and the other looks again.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Final, TypeAlias
from uuid import UUID

from common.ids import new_task_id
from gateway.admission import Accepted, Admission
from gateway.batch import admit_batch, place_of
from gateway.deeds import Deeds, untold
from gateway.digests import named_digest, request_digest
from gateway.errors import Fault, NotFoundError, QueueFullError, RequestInvalidError, TaskDiffersError
from gateway.idempotency import ChosenIds, NamedRequest, NamedRequests
from gateway.own_id import check_time
from gateway.recorder import Order, Outcome, Recorder
from gateway.room import QueueRoom
from gateway.task_view import Row
from gateway.tasks import Tasks

ONE: Final = "/v1/tasks"
BATCH: Final = "/v1/tasks/batch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Whose request it is, and what came with it besides the body.

    Attributes:
        deeds: is told which tasks were made.
    """

    tenant: str
    traceparent: str | None = None
    key: str | None = None
    deeds: Deeds = field(default_factory=untold)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The tasks that answer a request, in its order.

    Attributes:
        rows: as they are now.
        reused: those of them that were made by an earlier request, since their result will do.
        is_replay: the request came before.
    """

    rows: Sequence[Row]
    reused: frozenset[UUID] = frozenset()
    is_replay: bool = False


Before: TypeAlias = Callable[[], Awaitable[Taken | None]]  # what answered the same request, if it came before


class Intake:
    """The way from a request's body to tasks.

    Args:
        admission: judges what is asked for.
        recorder: writes what was accepted.
        named: finds requests that came before, by their keys.
        chosen: and by the ids that they chose.
        tasks: finds tasks that were made before.
        keys_kept: how long a request's key is remembered.
        room: how many tasks may wait.
    """

    def __init__(
        self,
        *,
        admission: Admission,
        recorder: Recorder,
        named: NamedRequests,
        chosen: ChosenIds,
        tasks: Tasks,
        keys_kept: timedelta,
        room: QueueRoom,
    ) -> None:
        self._admission = admission
        self._recorder = recorder
        self._named = named
        self._chosen = chosen
        self._tasks = tasks
        self._keys_kept = keys_kept
        self._room = room

    async def take(self, asked: object, *, asker: Asker) -> Taken:
        """One task.

        Raises:
            RequestInvalidError: it cannot be recorded.
            IdempotencyKeyReusedError: its key came before with another request.
        """

        async def admit() -> Sequence[Accepted]:
            return [await self._admission.admit(asked)]

        return await self._take_once(asked, admit, route=ONE, asker=asker, place=lambda _number: "")

    async def take_batch(self, asked: object, *, asker: Asker) -> Taken:
        """All tasks of a batch, or none.

        Raises:
            RequestInvalidError: one of them cannot be recorded.
            IdempotencyKeyReusedError: its key came before with another request.
        """

        async def admit() -> Sequence[Accepted]:
            return await admit_batch(asked, admission=self._admission)

        return await self._take_once(asked, admit, route=BATCH, asker=asker, place=place_of)

    async def take_as(self, identity: UUID, asked: object, *, asker: Asker) -> Taken:
        """One task with an id that the client chose.

        Raises:
            RequestInvalidError: it cannot be recorded.
            IdInvalidError: the time in its id is none of now.
            TaskDiffersError: another request made a task with this id.
        """
        digest = request_digest(asked)
        if (again := await self._made_before(identity, digest, asker)) is not None:
            return again
        check_time(identity)
        accepted = await self._admission.admit(asked)
        if accepted.reuse:
            raise RequestInvalidError([Fault(pointer="/reuse", detail="must be false with an id of your own")])
        made_before = partial(self._made_before, identity, digest, asker)
        if (again := await self._take_room(1, asker, before=made_before)) is not None:
            return again
        order = Order(
            tenant=asker.tenant,
            tasks=[accepted],
            ids=[identity],
            places=[""],
            traceparent=asker.traceparent,
            digest=digest,
        )
        if (outcome := await self._recorder.record(order)) is not None:
            return await self._taken(outcome, asker)
        # Somebody has it. If it is not this tenant, then nothing is told of it but that: as of one's own.
        if (again := await made_before()) is None:
            raise _differs()
        return again

    async def _take_once(
        self,
        asked: object,
        admit: Callable[[], Awaitable[Sequence[Accepted]]],
        *,
        route: str,
        asker: Asker,
        place: Callable[[int], str],
    ) -> Taken:
        named = None
        if asker.key is not None:
            named = NamedRequest(key=asker.key, digest=named_digest(asked, route=route))
        answered_before = partial(self._answered_before, named, asker)
        while True:
            if (again := await answered_before()) is not None:
                return again
            accepted = await admit()
            if (again := await self._take_room(len(accepted), asker, before=answered_before)) is not None:
                return again
            order = Order(
                tenant=asker.tenant,
                tasks=accepted,
                ids=[new_task_id() for _ in accepted],
                places=[place(number) for number in range(len(accepted))],
                traceparent=asker.traceparent,
                named=named,
                named_for=self._keys_kept,
            )
            if (outcome := await self._recorder.record(order)) is not None:
                return await self._taken(outcome, asker)

    async def _taken(self, outcome: Outcome, asker: Asker) -> Taken:
        asker.deeds.made([task["id"] for task in outcome.tasks if not isinstance(task, UUID)])
        reused = frozenset(task for task in outcome.tasks if isinstance(task, UUID))
        found = {row["id"]: row for row in await self._tasks.find_all(reused, tenant=asker.tenant)} if reused else {}
        if len(found) < len(reused):
            raise _gone()  # between two statements
        rows = [found[task] if isinstance(task, UUID) else task for task in outcome.tasks]
        return Taken(rows=rows, reused=reused)

    async def _take_room(self, tasks: int, asker: Asker, *, before: Before) -> Taken | None:
        """Room for so many tasks, or what answered the same request: it may have come meanwhile and have the room.

        Raises:
            QueueFullError: there is none.
        """
        try:
            await self._room.take(asker.tenant, tasks)
        except QueueFullError:
            if (again := await before()) is None:
                raise
            return again
        return None

    async def _answered_before(self, named: NamedRequest | None, asker: Asker) -> Taken | None:
        ids = None if named is None else await self._named.find(named, tenant=asker.tenant)
        return None if ids is None else await self._again(ids, asker)

    async def _made_before(self, identity: UUID, digest: bytes, asker: Asker) -> Taken | None:
        is_same = await self._chosen.is_same(identity, digest=digest, tenant=asker.tenant)
        if is_same is None:
            return None
        if not is_same:
            raise _differs()
        return await self._again([identity], asker)

    async def _again(self, ids: Sequence[UUID], asker: Asker) -> Taken:
        asker.deeds.made([])
        found = {row["id"]: row for row in await self._tasks.find_all(ids, tenant=asker.tenant)}
        rows = [found[identity] for identity in ids if identity in found]
        if not rows:
            raise _gone()
        return Taken(rows=rows, is_replay=True)


def _differs() -> TaskDiffersError:
    return TaskDiffersError(
        "There is a task with this id, and another request asked for it.", advice="Choose another id."
    )


def _gone() -> NotFoundError:
    return NotFoundError("The task that answers this request is no longer kept.", advice="Ask again with another key.")
