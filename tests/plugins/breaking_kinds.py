"""Kinds that behave in every way a child can; installed only where the children of tests run."""

import ctypes
import os
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from common.errors import InputError
from processor.kind import Input, Kind, Outcome
from processor.run import Run

Inputs = Mapping[str, Input]
DONE = Outcome(summary={"done": True}, data={"done": True})


class Params(BaseModel):
    """What a breaking kind may be told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gate: str = ""
    megabytes: int = 0
    lines: int = 0
    seconds: float = 0.0


done_here: list[str] = []  # by this child


def say_done(_run: Run, _inputs: Inputs, _params: Params) -> Outcome:
    done_here.append("noop")
    return DONE


def wear_out(_run: Run, _inputs: Inputs, params: Params) -> Outcome:
    """Work for so long; in a child that has done a task before, end then without a word."""
    time.sleep(params.seconds)
    if done_here:
        os._exit(9)
    return DONE


def tell_a_story(run: Run, _inputs: Inputs, params: Params) -> Outcome:
    run.phase("count")
    run.log("info", "begun")
    run.partial({"rows": 1}, estimate=True)
    wait_for_gate(run, _inputs, params)
    for row in range(1, 4):
        run.progress(rows=row, rows_total=3)
    made = run.scratch / "made.txt"
    made.write_text("three rows")
    run.artifact("made.txt", made, media_type="text/plain")
    return DONE


def print_lines(run: Run, _inputs: Inputs, params: Params) -> Outcome:
    """Print so many lines on standard output, one on standard error, and one without an end by native code."""
    for number in range(params.lines):
        print(f"line {number} of {run.scratch.parent.name}")  # noqa: T201
    print("never\x1b[2J\rended", file=sys.stderr)  # noqa: T201
    os.write(1, b"of native code \xff, without an end")
    return DONE


def wait_for_gate(run: Run, _inputs: Inputs, params: Params) -> Outcome:
    """Say that it runs, then wait until the file `gate` is there."""
    run.log("info", f"waiting as {os.getpid()}")
    while params.gate and not Path(params.gate).exists():
        time.sleep(0.005)
    return DONE


def ignore_interrupts(run: Run, inputs: Inputs, params: Params) -> Outcome:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return wait_for_gate(run, inputs, params)


def eat_memory(run: Run, _inputs: Inputs, params: Params) -> Outcome:
    """Hold `megabytes`, unless it is told to do with less."""
    if run.low_memory:
        return DONE
    held = [bytearray(os.urandom(1)) * (1 << 20) for _ in range(params.megabytes)]
    wait_for_gate(run, _inputs, params)
    return Outcome(summary={"held": len(held)}, data={})


def fill_disk(run: Run, inputs: Inputs, params: Params) -> Outcome:
    with (run.scratch / "filler").open("wb") as file:
        for _ in range(params.megabytes):
            file.write(os.urandom(1 << 20))
    return wait_for_gate(run, inputs, params)


def segfault(_run: Run, _inputs: Inputs, _params: Params) -> Outcome:
    ctypes.string_at(0)
    return DONE


def abort(_run: Run, _inputs: Inputs, _params: Params) -> Outcome:
    os.abort()


def leave(_run: Run, _inputs: Inputs, _params: Params) -> Outcome:
    os._exit(7)


def raise_unknown(_run: Run, _inputs: Inputs, _params: Params) -> Outcome:
    raise RuntimeError("secret of the input")


def refuse_input(_run: Run, _inputs: Inputs, _params: Params) -> Outcome:
    raise InputError("This is no table.", advice="Hand in a table.")


def pipe() -> socket.socket:
    """The child's end of its pipe: the one stream socket it has."""
    for number in range(3, 64):
        try:
            end = socket.socket(fileno=os.dup(number))
        except OSError:
            continue
        if end.type == socket.SOCK_STREAM and end.family == socket.AF_UNIX:
            return end
    raise RuntimeError("no pipe found")


def write_nonsense(run: Run, inputs: Inputs, params: Params) -> Outcome:
    header = struct.pack(">IQ", 8, run._send.__self__.job)  # type: ignore[attr-defined]  # the Run's inside
    pipe().sendall(header + b"nonsense")
    return wait_for_gate(run, inputs, params)


def announce_too_much(run: Run, inputs: Inputs, params: Params) -> Outcome:
    pipe().sendall(b"\xff" * 12)
    return wait_for_gate(run, inputs, params)


def flood_the_log(run: Run, _inputs: Inputs, params: Params) -> Outcome:
    for line in range(params.lines):
        run.log("info", f"{line} " + "x" * 10_000)
    return DONE


def link_outside(run: Run, _inputs: Inputs, _params: Params) -> Outcome:
    """Name an artifact that is a link to a file outside of scratch, past the checks of the child's own Run."""
    (run.scratch / "link").symlink_to("/etc/hostname")
    run.artifacts.append(  # type: ignore[attr-defined]  # the attack needs the Run's inside
        {"name": "link", "bytes": 1, "media_type": "text/plain", "file": "link"}
    )
    return DONE


def tell_environment(run: Run, _inputs: Inputs, _params: Params) -> Outcome:
    status = Path("/proc/self/status").read_text("ascii")
    flags = dict(line.split(":\t", 1) for line in status.splitlines() if line.startswith("NoNewPrivs"))
    return Outcome(
        summary={},
        data={
            "environment": dict(os.environ),
            "nice": os.nice(0),
            "oom_score": Path("/proc/self/oom_score_adj").read_text("ascii").strip(),
            "no_new_privs": flags["NoNewPrivs"],
            "cwd": str(Path.cwd()),
        },
    )


ANALYSES: dict[str, Callable[[Run, Inputs, Params], Outcome]] = {
    "noop": say_done,
    "worn": wear_out,
    "story": tell_a_story,
    "gate": wait_for_gate,
    "stubborn": ignore_interrupts,
    "memory": eat_memory,
    "disk": fill_disk,
    "segfault": segfault,
    "abort": abort,
    "leave": leave,
    "unknown-error": raise_unknown,
    "refuse": refuse_input,
    "nonsense": write_nonsense,
    "too-much": announce_too_much,
    "flood": flood_the_log,
    "link": link_outside,
    "print": print_lines,
    "environment": tell_environment,
}


def kind(name: str) -> Kind[Any]:
    return Kind(
        name=name,
        version="1",
        title=name,
        summary="For tests.",
        params=Params,
        inputs={},
        example={},
        analyse=ANALYSES[name],
    )


def __getattr__(name: str) -> Kind[Any]:
    """`breaking_kinds:kind_segfault` is the kind `segfault`, for the entry points."""
    word = name.removeprefix("kind_").replace("_", "-")
    if not name.startswith("kind_") or word not in ANALYSES:
        raise AttributeError(name)
    return kind(word)
