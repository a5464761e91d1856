"""Kinds that do on purpose what native code, a bad plug-in or an attacker does; installed beside the breaking kinds."""

import _thread
import ctypes
import errno
import json
import os
import shutil
import signal
import socket
import struct
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict

from processor.kind import Input, Kind, Outcome
from processor.run import Run

Inputs = Mapping[str, Input]
DONE = Outcome(summary={"done": True}, data={"done": True})
FOR_EVER = 3600


class Params(BaseModel):
    """What a worse kind may be told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gate: str = ""
    count: int = 0


def wait_at(gate: str) -> None:
    while gate and not Path(gate).exists():
        time.sleep(0.005)


def waiting(run: Run, *pids: int) -> None:
    """Say which processes there are: itself first."""
    run.log("info", f"waiting as {' '.join(map(str, (os.getpid(), *pids)))}")


def pipe() -> socket.socket:
    """The child's end of its pipe: the one stream socket it has."""
    for number in range(3, 64):
        try:
            end = socket.socket(fileno=os.dup(number))
        except OSError:
            continue
        if end.type == socket.SOCK_STREAM and end.family == socket.AF_UNIX:
            return end
        end.close()
    raise RuntimeError("no pipe found")


def number_of(run: Run) -> int:
    """The number of its job, which the harness around an analysis knows, and so whoever looks for it."""
    return int(run._send.__self__.job)  # type: ignore[attr-defined]  # the attack needs the Run's inside


def say(text: str, *, job: int) -> None:
    """Write a message by hand."""
    body = text.encode()
    pipe().sendall(struct.pack(">IQ", len(body), job) + body)


def compute_for_ever(run: Run, _inputs: Inputs, _params: Params) -> Outcome:
    """Keep native code busy, which looks at no signal and has no point where it could be stopped."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    waiting(run)
    many = pl.LazyFrame({"a": range(3_000_000)})
    found = many.join(many.rename({"a": "b"}), how="cross").select((pl.col("a") * pl.col("b")).sum()).collect()
    return Outcome(summary={}, data={"sum": found.item()})


def stop_itself(run: Run, _inputs: Inputs, _params: Params) -> Outcome:
    waiting(run)
    os.kill(os.getpid(), signal.SIGSTOP)
    return DONE


def close_the_pipe(run: Run, _inputs: Inputs, _params: Params) -> Outcome:
    """Close every file and go on."""
    waiting(run)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.closerange(3, 64)
    time.sleep(FOR_EVER)
    return DONE


def leave_offspring(run: Run, _inputs: Inputs, params: Params) -> Outcome:
    """Start a process of the same group, and one with a session of its own and no parent; both ignore signals."""
    telling, told = os.pipe()
    plain = os.fork()
    if plain == 0:
        live_on()
    if (between := os.fork()) == 0:
        os.setsid()
        if (daemon := os.fork()) == 0:
            live_on()
        os.write(told, f"{daemon}".encode())
        os._exit(0)
    os.waitpid(between, 0)
    waiting(run, plain, int(os.read(telling, 16)))
    wait_at(params.gate)
    return DONE


def live_on() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(FOR_EVER)


def leave_a_thread(run: Run, _inputs: Inputs, _params: Params) -> Outcome:
    """Be done, and go on talking."""

    def talk() -> None:
        while True:
            run.log("warning", "still here")
            time.sleep(0.001)

    threading.Thread(target=talk, daemon=True).start()
    return DONE


def result(**data: object) -> str:
    return json.dumps({"type": "result", "clean": True, "files": []}) + "\n" + json.dumps({"data": data})


def answer_twice(run: Run, _inputs: Inputs, _params: Params) -> Outcome:
    """Give a result for the next task too."""
    say(result(done=True), job=number_of(run))
    say(result(forged=True), job=number_of(run))
    return DONE


def answer_on(run: Run, _inputs: Inputs, _params: Params) -> Outcome:
    """Be done, and go on giving results, from a thread that Python's list of threads does not have."""
    end, body = pipe(), result(forged=True).encode()
    frame = struct.pack(">IQ", len(body), number_of(run)) + body

    def answer() -> None:
        while True:
            end.sendall(frame)
            time.sleep(0.001)

    _thread.start_new_thread(answer, ())
    return DONE


def answer_for_others(_run: Run, _inputs: Inputs, _params: Params) -> Outcome:
    """Give results for jobs whose numbers one can guess: the first ones, and none."""
    for job in range(100):
        say(result(forged=True), job=job)
    return DONE


def kill_the_fork_server(run: Run, _inputs: Inputs, params: Params) -> Outcome:
    waiting(run)
    wait_at(params.gate)
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(FOR_EVER)
    return DONE


def flood_with_partials(run: Run, _inputs: Inputs, params: Params) -> Outcome:
    waiting(run)
    wait_at(params.gate)
    for number in range(params.count):
        run.partial({"number": number, "filler": "x" * (1 << 20)}, estimate=True)
    return DONE


def tell_the_unstorable(run: Run, _inputs: Inputs, params: Params) -> Outcome:
    """Tell what looks like JSON until Postgres reads it."""
    say('{"type": "partial", "estimate": true}\n{"number": Infinity}', job=number_of(run))
    wait_at(params.gate)
    return DONE


def find_the_unstorable(run: Run, _inputs: Inputs, _params: Params) -> Outcome:
    say('{"type": "result", "clean": false, "files": []}\n{"data": {"number": Infinity}}', job=number_of(run))
    time.sleep(FOR_EVER)
    return DONE


def tell_many_values(run: Run, _inputs: Inputs, params: Params) -> Outcome:
    """Megabytes of the smallest values there are, which would be gigabytes of objects."""
    waiting(run)
    lists = "[]," * (params.count * (1 << 20) // 3)
    say(f'{{"type": "partial", "estimate": true}}\n{{"a": [{lists}0]}}', job=number_of(run))
    return DONE


def tell_more_than_one(run: Run, _inputs: Inputs, params: Params) -> Outcome:
    """Two objects where one is expected, so that they would be one with what stands around them."""
    say('{"type": "partial", "estimate": true}\n{}, "type": "succeeded", "more": {}', job=number_of(run))
    wait_at(params.gate)
    return DONE


def find_more_than_one(run: Run, _inputs: Inputs, _params: Params) -> Outcome:
    """Two objects as a result, said to be the word of a child that can be used again."""
    waiting(run)
    say('{"type": "result", "clean": true, "files": []}\n{}, "more": {}', job=number_of(run))
    time.sleep(FOR_EVER)
    return DONE


def start_threads(run: Run, _inputs: Inputs, _params: Params) -> Outcome:
    """More and more threads; where nobody stops it, it does so itself before it harms the machine."""
    waiting(run)
    _thread.stack_size(64 << 10)
    for _ in range(12_000):
        _thread.start_new_thread(time.sleep, (FOR_EVER,))
    return DONE


def make_files(run: Run, _inputs: Inputs, params: Params) -> Outcome:
    """Empty ones, which occupy nothing."""
    waiting(run)
    for number in range(params.count):
        os.close(os.open(str(number), os.O_CREAT | os.O_WRONLY))
    wait_at(params.gate)
    return DONE


def fall_asleep(run: Run, _inputs: Inputs, _params: Params) -> Outcome:
    """Say that it is done and ready for more, and be neither."""
    say(result(done=True), job=number_of(run))
    time.sleep(FOR_EVER)
    return DONE


def name_twice(run: Run, _inputs: Inputs, _params: Params) -> Outcome:
    """Keep two files by one name, past the checks of the child's own Run."""
    (run.scratch / "file").write_text("of one name", encoding="utf-8")
    made = {"name": "file", "bytes": 11, "media_type": "text/plain", "file": "file"}
    run.artifacts.extend([made, made])  # type: ignore[attr-defined]  # the attack needs the Run's inside
    return DONE


def lose_scratch(run: Run, _inputs: Inputs, _params: Params) -> Outcome:
    os.chdir("/")
    shutil.rmtree(run.scratch)
    return DONE


def swap_scratch(run: Run, _inputs: Inputs, params: Params) -> Outcome:
    """Put a link to somebody's folder in the place of its own."""
    os.chdir("/")
    shutil.rmtree(run.scratch)
    run.scratch.symlink_to(params.gate)
    return DONE


def leave_temporary_files(_run: Run, _inputs: Inputs, _params: Params) -> Outcome:
    descriptor, name = tempfile.mkstemp()
    os.close(descriptor)
    return Outcome(summary={}, data={"file": name})


def fill_until_full(run: Run, _inputs: Inputs, params: Params) -> Outcome:
    """Write until the disk is full, as long as the gate is closed."""
    with (run.scratch / "filler").open("wb") as file:
        while not Path(params.gate).exists():
            file.write(b"x" * (1 << 16))
    return DONE


def say_that_there_is_no_room(_run: Run, _inputs: Inputs, _params: Params) -> Outcome:
    raise OSError(errno.ENOSPC, "No space left on device")


def find_too_much(_run: Run, _inputs: Inputs, _params: Params) -> Outcome:
    return Outcome(summary={}, data={"text": "x" * (33 << 20)})


def crash_now_and_then(run: Run, _inputs: Inputs, _params: Params) -> Outcome:
    """Crash in every third process."""
    run.log("info", "begun")
    if os.getpid() % 3 == 0:
        ctypes.string_at(0)
    return DONE


def work(run: Run, _inputs: Inputs, params: Params) -> Outcome:
    """Compute something small and tell of it, as a real analysis does."""
    run.phase("work")
    run.partial({"rows": 0}, estimate=True)
    total = 0
    for step in range(params.count):
        total += int(pl.Series(range(2000)).sum())
        run.progress(rows=step, rows_total=params.count)
    made = run.scratch / "total.txt"
    made.write_text(str(total), encoding="utf-8")
    run.artifact("total.txt", made, media_type="text/plain")
    return Outcome(summary={"total": total}, data={"total": total})


ANALYSES: dict[str, Callable[[Run, Inputs, Params], Outcome]] = {
    "native-loop": compute_for_ever,
    "stop-itself": stop_itself,
    "close-pipe": close_the_pipe,
    "offspring": leave_offspring,
    "thread": leave_a_thread,
    "thread-bomb": start_threads,
    "file-bomb": make_files,
    "value-bomb": tell_many_values,
    "two-in-one": tell_more_than_one,
    "two-results": find_more_than_one,
    "asleep": fall_asleep,
    "twice": answer_twice,
    "answer-on": answer_on,
    "guess": answer_for_others,
    "kill-parent": kill_the_fork_server,
    "flood-partials": flood_with_partials,
    "unstorable-event": tell_the_unstorable,
    "unstorable-result": find_the_unstorable,
    "name-twice": name_twice,
    "lose-scratch": lose_scratch,
    "swap-scratch": swap_scratch,
    "temporary": leave_temporary_files,
    "full": fill_until_full,
    "no-room": say_that_there_is_no_room,
    "too-large": find_too_much,
    "now-and-then": crash_now_and_then,
    "work": work,
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
    """`worse_kinds:kind_native_loop` is the kind `native-loop`, for the entry points."""
    word = name.removeprefix("kind_").replace("_", "-")
    if not name.startswith("kind_") or word not in ANALYSES:
        raise AttributeError(name)
    return kind(word)
