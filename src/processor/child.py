"""What runs in a child: take a job from the pipe, do the analysis, say how it went, wait for the next job.

A child ends when its pipe does. It knows no database and no storage; everything it needs comes with the job.
"""

import contextlib
import errno
import io
import logging
import os
import socket
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from common.errors import ParamsError, SundogError
from processor import descendants, protocol
from processor.child_run import ChildRun
from processor.fault_place import place_of
from processor.kind import Input, Kind, Outcome
from processor.protocol import Job, MessageTooLongError
from processor.report import keep_report

log = logging.getLogger(__name__)

TOO_LARGE = f"The result has more than {protocol.MESSAGE_BYTES >> 20} MiB."
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM})


class Pipe:
    """The child's end of the socket pair: whole messages, from any thread."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._file = end.makefile("rb")
        self._lock = threading.Lock()

    def put(self, data: bytes) -> None:
        """Send an encoded message; blocks while the supervisor is behind."""
        with self._lock:
            self._end.sendall(data)

    def receive(self) -> tuple[int, Job] | None:
        """The number of the next job, and the job; None at the end."""
        start = self._file.read(protocol.HEADER.size)
        if len(start) < protocol.HEADER.size:
            return None
        header = protocol.read_header(start)
        return header.job, protocol.decode_job(self._file.read(header.length))


class Voice:
    """Speaks about one job. Whoever keeps it beyond that job goes on to speak about that one, and is not heard."""

    def __init__(self, pipe: Pipe, *, job: int) -> None:
        self.job = job
        self._pipe = pipe

    def encode(self, message: Mapping[str, object]) -> bytes:
        """A message about the job, ready for the pipe."""
        return protocol.encode(message, job=self.job)

    def send(self, message: Mapping[str, object]) -> None:
        """Send one message; blocks while the supervisor is behind."""
        self._pipe.put(self.encode(message))


def serve(end: socket.socket, kinds: Mapping[str, Kind[Any]]) -> None:
    """Do jobs until the supervisor closes the pipe."""
    pipe = Pipe(end)
    while (received := pipe.receive()) is not None:
        number, job = received
        pipe.put(answer(job, kinds=kinds, voice=Voice(pipe, job=number)))


def answer(job: Job, *, kinds: Mapping[str, Kind[Any]], voice: Voice) -> bytes:
    """Run one job; its last message, encoded: a `result`, or a `failure` with what a person may know."""
    # What an analysis leaves there goes with scratch.
    os.environ["HOME"] = os.environ["TMPDIR"] = tempfile.tempdir = job.scratch
    try:
        scratch = enter(job.scratch)
        told = run_job(job, scratch=scratch, kind=kinds[job.kind], voice=voice)
        return voice.encode({**told, "clean": is_alone()})
    except KeyboardInterrupt:
        told = {"type": "failure", "code": "interrupted", "message": "Stopped.", "advice": None}
    except SundogError as error:
        told = {"type": "failure", **error.as_json(), "clean": is_alone()}
    except MessageTooLongError:
        told = {"type": "failure", "code": "result_too_large", "message": TOO_LARGE, "advice": "Ask for less at once."}
    except BaseException as error:
        log.exception("the analysis failed in a way it does not know")
        told = failure_of_machine(error) or {
            "type": "failure",
            "code": "analysis_failed",
            "message": f"The analysis failed unexpectedly ({type(error).__name__}).",
            "advice": "This is a fault of the analysis, not of your data; tell the operator the task's id.",
        }
    finally:
        os.chdir("/")  # the supervisor removes scratch
        flush_prints()
    return voice.encode(told)


def print_lines() -> None:
    """Let what is printed leave line by line: a child ends without a flush."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True)


def flush_prints() -> None:
    """Let go what was printed of this job before it is told to have ended."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # an analysis may have put anything there
            stream.flush()


def enter(scratch: str) -> Path:
    """Go into the folder of a job; returns it.

    Raises:
        OSError: it is not there; told like a disk that fails, since the analysis has no part in it.
    """
    try:
        os.chdir(scratch)
    except OSError as error:
        raise OSError(errno.EIO, os.strerror(errno.EIO)) from error
    return Path(scratch)


def failure_of_machine(error: BaseException) -> dict[str, object] | None:
    """The failure to tell if it was the machine that had no room."""
    if not isinstance(error, OSError) or error.errno not in NO_ROOM:
        return None
    return {
        "type": "failure",
        "code": protocol.MACHINE_FAILED,
        "message": f"The processor's machine could not run the analysis: {os.strerror(error.errno)}.",
        "advice": "Nothing to do: it is tried again. If it stays, tell the operator the task's id.",
    }


def is_alone() -> bool:
    """Whether the analysis left nothing running: no thread of Python's, and no process.

    A thread of Polars that has called into Python counts as a "dummy" with Python and as nothing here.
    """
    threads = [thread for thread in threading.enumerate() if not thread.name.startswith("Dummy-")]
    return len(threads) == 1 and not descendants.has_children()


def run_job(job: Job, *, scratch: Path, kind: Kind[Any], voice: Voice) -> dict[str, object]:
    """Run one job to its result message.

    Raises:
        SundogError: the analysis says why it cannot.
    """
    run = ChildRun(send=voice.send, scratch=scratch, memory_mb=job.memory_mb, low_memory=job.low_memory)
    inputs = {
        name: Input(name=name, filename=given.filename, path=Path(given.path), sha256=given.sha256, bytes=given.bytes)
        for name, given in job.inputs.items()
    }
    outcome = kind.analyse(run, inputs, parse_params(kind, job.params))
    run.end()
    if kind.report is not None:
        keep_report(run, kind.report, envelope(kind, inputs=inputs, run=run, outcome=outcome))
    body = envelope(kind, inputs=inputs, run=run, outcome=outcome)
    return {"type": "result", "envelope": body, "files": run.artifacts}


def parse_params(kind: Kind[Any], params: Mapping[str, Any]) -> Any:
    """The params as the kind's own model.

    Raises:
        ParamsError: they do not fit; the gateway has checked them against the announced schema, but a newer processor
            may ask for more, and a model may check what a schema cannot.
    """
    try:
        return kind.params.model_validate(params)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        pointer = place_of(first, params)
        message = f"{pointer}: {first['msg'].removeprefix('Value error, ')}"
        raise ParamsError(message, pointer=pointer, advice="Correct it and submit again.") from error


def envelope(kind: Kind[Any], *, inputs: Mapping[str, Input], run: ChildRun, outcome: Outcome) -> dict[str, object]:
    """The result as it is kept and given out; the same form for every kind."""
    return {
        "kind": kind.name,
        "version": kind.version,
        "engine": engine(),
        "inputs": {
            name: {
                "filename": given.filename,
                "sha256": given.sha256,
                "bytes": given.bytes,
                "rows": outcome.rows.get(name),
            }
            for name, given in inputs.items()
        },
        "timings": run.timings,
        "warnings": run.warnings,
        "summary": outcome.summary,
        "data": outcome.data,
        "artifacts": [{key: made[key] for key in ("name", "bytes", "media_type")} for made in run.artifacts],
    }


def engine() -> dict[str, str]:
    """What computed the result."""
    import polars as pl  # noqa: PLC0415 - the fork server has imported it; a kind without Polars need not

    return {"polars": pl.__version__}
