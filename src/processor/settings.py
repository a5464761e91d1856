"""Settings of the processor."""

import os
import sys
import tempfile
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from processor.confinement.wall import Wall
from processor.priority import Priority


class ProcessorSettings(BaseSettings):
    """How much work this processor takes, and how long it waits for what."""

    model_config = SettingsConfigDict(env_prefix="SUNDOG_PROCESSOR_", frozen=True)

    slots: int = Field(default=2, ge=1, le=256, description="Analyses that run at the same time.")
    threads: int = Field(
        default_factory=lambda: os.cpu_count() or 1, ge=1, description="Threads that Polars uses in each child."
    )
    priority: Priority = Field(
        default=Priority.LOW,
        description="What analyses get of the machine's processors where others want them, too: `idle` what is left, "
        "`low` about a tenth of what another gets, `normal` as much as all others; see "
        "[operations](operations.md#scaling).",
    )
    python: Path = Field(
        default_factory=lambda: Path(sys.executable),
        description="Python that the children run in; the kinds that are installed there are the ones served.",
    )
    kinds: tuple[str, ...] = Field(default=(), description="Serve only these kinds (a JSON list); empty: all.")
    work_dir: Path = Field(
        default_factory=lambda: Path(tempfile.gettempdir()) / f"sundog-processor-{os.getuid()}",
        description="Folder for scratch and the cache of inputs; on a fast local disk.",
    )
    bring_s: float = Field(
        default=60,
        gt=0,
        description="Seconds that the storage may take to give an input, besides one for each MiB of it; then the "
        "attempt fails as `machine_failed` and is tried again.",
    )
    cache_bytes: int = Field(default=20 << 30, ge=0, description="Inputs kept on this machine after their task.")
    lease_s: float = Field(default=30, gt=0, description="Seconds without a heartbeat after which a task is lost.")
    heartbeat_s: float = Field(
        default=5, gt=0, description="Seconds between heartbeats; a third of the lease at most, so that one may fail."
    )
    poll_s: float = Field(default=1, gt=0, description="Seconds between looks at the queue that no hint asked for.")
    drain_wait_s: float = Field(
        default=30,
        ge=0,
        description="A drain waits for tasks that are due within so many seconds, for retries above all.",
    )
    metrics_host: str = Field(
        default="127.0.0.1", description="The address at which figures are shown, if a port is set."
    )
    metrics_port: int | None = Field(
        default=None, ge=0, le=65535, description="The port at which figures are shown for Prometheus; none: nowhere."
    )
    rescue_s: float = Field(default=5, gt=0, description="Seconds between looks for tasks whose lease ran out.")
    grace_s: float = Field(default=20, ge=0, description="Seconds that running analyses get to finish at a stop.")
    cancel_grace_s: float = Field(
        default=0.5, ge=0, description="Seconds between the polite and the hard end of a child."
    )
    max_crashes: int = Field(default=3, ge=1, description="Crashed or lost attempts after which a task is quarantined.")
    retry_first_s: float = Field(default=1, gt=0, description="Delay before the first retry; doubled for each further.")
    retry_most_s: float = Field(default=300, gt=0, description="The longest delay before a retry.")
    scratch_mb: int = Field(default=20_480, ge=1, description="Disk that one analysis may fill, in MiB.")
    scratch_files: int = Field(
        default=100_000, ge=1, description="Files and folders that one analysis may have in its scratch at once."
    )
    require_confinement: tuple[Wall, ...] = Field(
        default=(),
        description="Walls around analyses without which this processor does not start (a JSON list); see "
        "[operations](operations.md#confinement).",
    )
    tasks_a_child: int = Field(
        default=2000,
        ge=1,
        description="Tasks of one tenant that a child does before it is ended; 1: a new child for each task, which "
        "costs it some ten milliseconds.",
    )
    child_output: Literal["log", "count"] = Field(
        default="log",
        description="What the log tells of what analyses and their libraries print: the lines, or only how many bytes; "
        "see [operations](operations.md#what-analyses-print).",
    )
    log_lines: int = Field(default=1000, ge=1, description="Log lines of one attempt that are kept in its feed.")
    partials_mb: int = Field(
        default=64, ge=1, description="Partial results of one attempt that are kept in its feed, in MiB."
    )

    @model_validator(mode="after")
    def _beats_often_enough(self) -> Self:
        if self.heartbeat_s > self.lease_s / 3:
            raise ValueError("SUNDOG_PROCESSOR_HEARTBEAT_S is more than a third of SUNDOG_PROCESSOR_LEASE_S")
        return self


class RetentionSettings(BaseSettings):
    """How long things are kept that nobody removes by hand."""

    model_config = SettingsConfigDict(env_prefix="SUNDOG_RETENTION_", frozen=True)

    task_days: float = Field(
        default=30,
        ge=0,
        description="Days after its end for which a task is kept, with its feed, attempts, result and artifacts; "
        "0: for ever.",
    )
    feed_days: float = Field(
        default=0,
        ge=0,
        description="Days after its end for which a task's feed is kept; then only its last event. 0: as long as the "
        "task.",
    )
    dataset_days: float = Field(
        default=30,
        ge=0,
        description="Days since it was last handed in for which a dataset is kept that no task refers to; 0: for ever.",
    )
    audit_days: float = Field(
        default=365, ge=0, description="Days for which entries of the audit are kept, one at least; 0: for ever."
    )
    bytes_hours: float = Field(
        default=24,
        gt=0,
        description="Hours for which the storage keeps bytes that nothing refers to, and half uploads; longer than any "
        "upload takes.",
    )
    interval_s: float = Field(default=300, gt=0, description="Seconds between looks for what may go.")
    batch: int = Field(default=100, ge=1, le=10_000, description="Tasks, datasets or keys that one statement removes.")
