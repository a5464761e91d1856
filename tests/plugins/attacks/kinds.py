"""Kinds that attack what they are confined by, and one that shows what is left to them."""

import contextlib
import os
import signal
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict

from plugins.attacks.attack import Target, run_attacks
from plugins.attacks.by_socket import SOCKETS
from plugins.attacks.on_files import FILES
from plugins.attacks.on_processes import PROCESSES
from plugins.attacks.on_the_kernel import KERNEL
from processor.kind import Input, Kind, Outcome
from processor.run import Run

ATTACKS = {**FILES, **SOCKETS, **PROCESSES, **KERNEL}


class AttackParams(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    target: dict[str, Any]


class KillParams(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    pids: list[int]


class LifeParams(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    gate: str = ""


def attack(run: Run, inputs: Mapping[str, Input], params: AttackParams) -> Outcome:
    target = Target.of(params.target, scratch=run.scratch, given=inputs["data"].path)
    return Outcome(summary={}, data={"pid": os.getpid(), "answers": run_attacks(ATTACKS, target)})


def kill(_run: Run, _inputs: Mapping[str, Input], params: KillParams) -> Outcome:
    """The one attack that is not harmless where it succeeds."""
    answers = []
    for pid in (*params.pids, os.getppid()):
        try:
            os.kill(pid, signal.SIGKILL)
        except PermissionError:
            answers.append("refused")
    return Outcome(summary={}, data={"answers": answers})


def hold(run: Run, inputs: Mapping[str, Input], params: LifeParams) -> Outcome:
    """Tell where its input is, and wait until the file `gate` is there."""
    run.log("info", f"waiting as {os.getpid()}")
    while not Path(params.gate).exists():
        threading.Event().wait(0.01)
    return Outcome(summary={}, data={"path": str(inputs["data"].path)})


def live(run: Run, inputs: Mapping[str, Input], _params: LifeParams) -> Outcome:
    """What an analysis needs, and may."""
    at_first = descriptors()
    table = pl.scan_csv(inputs["data"].path)
    table.sort("a").sink_parquet(run.scratch / "sorted.parquet")
    (run.scratch / "folder").mkdir()
    (run.scratch / "sorted.parquet").rename(run.scratch / "folder" / "sorted.parquet")
    threads = [threading.Thread(target=lambda: None) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Outcome(
        summary={},
        data={
            "rows": pl.read_parquet(run.scratch / "folder" / "sorted.parquet").height,
            "descriptors": at_first,
            "environment": sorted(os.environ),
            "status": Path("/proc/self/status").read_text("ascii"),
            "pid": os.getpid(),
        },
    )


def descriptors() -> dict[int, str]:
    """All that are open, and what they are; the one that lists them is gone again."""
    found = {}
    for path in list(Path("/proc/self/fd").iterdir()):
        with contextlib.suppress(FileNotFoundError):
            found[int(path.name)] = str(path.readlink()).partition(":")[0]
    return found


def kind(name: str, analyse: Any, params: type[BaseModel]) -> Kind[Any]:
    return Kind(
        name=name,
        version="1",
        title=name,
        summary="For tests.",
        params=params,
        inputs={"data": "anything"},
        example={},
        analyse=analyse,
    )


ATTACK = kind("attack", attack, AttackParams)
KILL = kind("kill", kill, KillParams)
HOLD = kind("hold", hold, LifeParams)
LIVE = kind("live", live, LifeParams)
