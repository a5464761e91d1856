"""One attempt, from the claim to its report: bring the inputs, start a child, follow it, end it, keep what it made.

            ┌──────────┐   ┌─────────┐   result, failure, end of pipe   ┌────────┐   ┌──────────┐
    claim ─►│ bringing │──►│ running │─────────────────────────────────►│ ending │──►│ reported │
            └──────────┘   └─────────┘                                  └────────┘   └──────────┘
                  └─────────────┴── end(reason): cancel, limit, stop, lease lost ─►┘

Whoever wants to end an attempt calls `end` with a reason; the first reason wins. It cancels the scope that bringing and
running stand in, so there is one way out, whatever the reason and wherever the attempt is. The child is always ended
before the report is given: nothing goes on behind the back of what the database says.
"""

import logging
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import anyio

from common.errors import SundogError
from common.storage import TROUBLE, Storage
from processor.answers import ForkServerError
from processor.blame import how_it_ended, judged, machine_failed
from processor.cache import InputCache
from processor.child_pipe import PipeClosedError
from processor.child_pool import ChildPool
from processor.child_process import Child
from processor.claim import (
    Artifact,
    AttemptReport,
    Claim,
    Crashed,
    Ended,
    Ending,
    Failed,
    Report,
    Succeeded,
    Usage,
)
from processor.feed_writer import FeedWriter
from processor.protocol import (
    MACHINE_FAILED,
    ArtifactFile,
    Failure,
    InputFile,
    Job,
    ProtocolError,
    Result,
)
from processor.raw_json import RawJsonError, checked_object
from processor.room import Room
from processor.scratch import chunks_of, open_inside
from processor.settings import ProcessorSettings
from processor.telling import Telling
from processor.watchdog import THREADS_AT_MOST, Watchdog, Watched

log = logging.getLogger(__name__)

_AT_ONCE = {
    Ending.OUT_OF_MEMORY,
    Ending.OUT_OF_DISK,
    Ending.TOO_MANY_FILES,
    Ending.TOO_MANY_THREADS,
    Ending.LEASE_LOST,
}
SLOWEST_BYTES_A_S = 1 << 20  # at which an input may come from the storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What every attempt of a processor works with."""

    pool: ChildPool
    watchdog: Watchdog
    cache: InputCache
    storage: Storage
    feed: FeedWriter
    settings: ProcessorSettings


class InputLateError(Exception):
    """The storage did not give an input in the time that it may take."""


class Attempt:
    """One run of one task.

    Attributes:
        reported: it has ended and only waits to be written down; to end it now has no meaning.
    """

    def __init__(self, claim: Claim, *, workshop: Workshop) -> None:
        self.claim = claim
        self._shop = workshop
        self._telling = Telling(claim, feed=workshop.feed, settings=workshop.settings)
        self._scope = anyio.CancelScope()
        self.reported = False
        self._ending: Ending | None = None
        self._has_heard = False
        self._peak = 0
        self._cpu_seconds = 0.0

    def end(self, reason: Ending) -> None:
        """End it, whatever it is doing; a second reason changes nothing."""
        if self._ending is None:
            self._ending = reason
            self._scope.cancel()

    async def run(self) -> AttemptReport:
        """Do it all and say how it ended; nothing of it is left on this machine."""
        report = await self._attempt()
        self.reported = True
        usage = Usage(peak_memory_bytes=self._peak, cpu_seconds=self._cpu_seconds)
        return AttemptReport(claim=self.claim, report=report, usage=usage)

    async def _attempt(self) -> Report:
        report: Report | None = None
        with self._scope:
            try:
                report = await self._work()
            except ForkServerError:  # the processor ends; the task is another's to try
                report = machine_failed()
            except SundogError as error:
                report = Failed(error=error.as_json(), permanent=True)
            except InputLateError as error:
                log.warning("the storage hangs", extra={"task": self.claim.task})
                report = machine_failed(str(error))
            except Exception as error:
                # The unknown ends one attempt and no other: no room, the storage away, or a fault of our own.
                log.exception("an attempt failed on this machine", extra={"task": self.claim.task})
                report = machine_failed(by_machine=isinstance(error, TROUBLE))
        if report is not None:
            return report
        if self._ending is None:
            raise RuntimeError("an attempt was cancelled without a reason")
        return Ended(reason=self._ending, limit=self._limit(self._ending))

    def _limit(self, reason: Ending) -> int:
        limits = {
            Ending.TIMED_OUT: self.claim.timeout_s,
            Ending.OUT_OF_MEMORY: self.claim.memory_mb,
            Ending.OUT_OF_DISK: self._shop.settings.scratch_mb,
            Ending.TOO_MANY_FILES: self._shop.settings.scratch_files,
            Ending.TOO_MANY_THREADS: THREADS_AT_MOST,
        }
        return limits.get(reason, 0)

    async def _work(self) -> Report:
        if not self.claim.inputs:
            return await self._run_children({})
        async with AsyncExitStack() as held:
            files = {
                given["sha256"]: await self._bring(given["sha256"], size=given["bytes"], held=held)
                for given in self.claim.inputs
            }
            return await self._run_children(files)

    async def _bring(self, sha256: str, *, size: int, held: AsyncExitStack) -> Path:
        """An input on this machine. The task's own time begins later; but a storage that hangs must not keep a slot."""
        most_s = self._shop.settings.bring_s + size / SLOWEST_BYTES_A_S
        try:
            with anyio.fail_after(most_s):
                return await held.enter_async_context(self._shop.cache.hold(sha256))
        except TimeoutError as error:
            raise InputLateError(f"The storage did not give an input of {size} bytes within {most_s:.0f} s.") from error

    async def _run_children(self, files: Mapping[str, Path]) -> Report:
        """Run a child; and another where one that was used before ended without a word: the task may be innocent.

        Both share the time that the task has.
        """
        child = await self._shop.pool.take(self.claim.tenant)
        deadline = time.monotonic() + self.claim.timeout_s
        is_used = child.tasks_done > 0
        report = await self._run_child(child, files, deadline=deadline)
        if is_used and isinstance(report, Crashed) and not self._has_heard:
            child = await self._shop.pool.take_fresh()
            report = await self._run_child(child, files, deadline=deadline)
        return await judged(report, folder=child.room.folder.parent)

    async def _run_child(self, child: Child, files: Mapping[str, Path], *, deadline: float) -> Report:
        cpu_before = child.cpu_seen
        watched = Watched(
            child=child,
            scratch=child.room.scratch,
            scratch_bytes=self._shop.settings.scratch_mb << 20,
            scratch_files=self._shop.settings.scratch_files,
            memory_bytes=self.claim.memory_mb << 20,
            deadline=deadline,
            end=self.end,
        )
        report: Report | None = None
        child.output.begin(self.claim.task)
        try:
            with self._shop.watchdog.watch(watched):
                report = await self._follow(child, self._job(files, room=child.room))
        finally:
            if child.is_clean and child.room.is_empty():
                self._give_back(child)
            else:
                with anyio.CancelScope(shield=True):
                    await self._let_go(child, grace_s=0.0 if report is not None else self._grace())
            self._peak = watched.peak_bytes
            self._cpu_seconds = child.cpu_seconds() - cpu_before
        return report

    async def _let_go(self, child: Child, *, grace_s: float) -> None:
        """Give it back for another task if it is clean, else end it."""
        if child.is_clean and await child.room.clear():
            self._give_back(child)
        else:
            await child.end(grace_s=grace_s)

    def _give_back(self, child: Child) -> None:
        child.output.finish()
        child.tasks_done += 1
        self._shop.pool.give_back(child, tenant=self.claim.tenant)

    def _grace(self) -> float:
        """How politely a child that is not done is ended: at once where it must stop eating, or works for nobody."""
        return 0.0 if self._ending in _AT_ONCE else self._shop.settings.cancel_grace_s

    def _job(self, files: Mapping[str, Path], *, room: Room) -> Job:
        inputs = {
            given["name"]: InputFile(
                filename=given["filename"],
                path=str(room.lend(files[given["sha256"]], sha256=given["sha256"])),
                sha256=given["sha256"],
                bytes=given["bytes"],
            )
            for given in self.claim.inputs
        }
        return Job(
            kind=self.claim.kind,
            params=dict(self.claim.params),
            inputs=inputs,
            scratch=str(room.scratch),
            memory_mb=self.claim.memory_mb,
            low_memory=self.claim.low_memory,
        )

    async def _follow(self, child: Child, job: Job) -> Report:
        """Give the child its job and hear it to its last word; what it made is kept before anybody else may use it."""
        try:
            child.send(job)
            while True:
                message = await child.receive()
                self._has_heard = True
                match message:
                    case Result():
                        envelope = await _checked(message)
                        artifacts = await self._keep(message.files, child.room.scratch)
                        return Succeeded(envelope=envelope, artifacts=artifacts)
                    case Failure():
                        error = message.model_dump(include={"code", "message", "advice"})
                        return Failed(error=error, permanent=message.code != MACHINE_FAILED)
                    case _:
                        await self._telling.tell(message)
        except PipeClosedError:
            return Crashed(how=await how_it_ended(child))
        except ProtocolError as error:
            child.is_clean = False  # it may have said so around a result that is none
            log.warning("a child wrote nonsense", extra={"task": self.claim.task, "error": str(error)})
            return Crashed(how="wrote something into its pipe that is no message")

    async def _keep(self, files: list[ArtifactFile], scratch: Path) -> tuple[Artifact, ...]:
        """Store what the analysis made."""
        kept = []
        for made in files:
            with open_inside(scratch, made.file) as file:
                blob = await self._shop.storage.put(chunks_of(file))
            kept.append(Artifact(name=made.name, media_type=made.media_type, blob=blob))
        return tuple(kept)


async def _checked(result: Result) -> str:
    try:
        return await checked_object(result.envelope)
    except RawJsonError as error:
        raise ProtocolError(f"result: {error}") from None
