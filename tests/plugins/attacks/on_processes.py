"""Attacks on processes: making them, and reaching others."""

import fcntl
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

from plugins.attacks.attack import Attacks, Target, buffer, call, names_in
from processor.confinement import kernel

PTRACE_SEIZE = 0x4206
PTRACE_INTERRUPT = 0x4207
PTRACE_DETACH = 17
WAIT_FOR_ANY = 0x40000000
CLONE_NEWUSER = 0x10000000
HARMLESS = signal.SIGURG  # ignored by who has not asked for it


def fork(_target: Target) -> int:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    return os.waitpid(pid, 0)[1]


def bomb(target: Target) -> int:
    """Would end after a few where nothing stops it."""
    return sum(fork(target) for _ in range(20))


def spawn(_target: Target) -> int:
    pid = os.posix_spawn(sys.executable, [sys.executable, "-c", ""], {})
    return os.waitpid(pid, 0)[1]


def run(_target: Target) -> bytes:
    return subprocess.run(["/bin/true"], check=False, capture_output=True).stdout


def clone_namespace(_target: Target) -> int:
    pid = call("clone", CLONE_NEWUSER | signal.SIGCHLD, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    return os.waitpid(pid, 0)[1]


def clone_by_structure(_target: Target) -> int:
    """The newer call, whose arguments no filter can see."""
    arguments = buffer(64)
    arguments[32] = bytes([signal.SIGCHLD])
    pid = kernel.syscall(435, arguments, 64)
    if pid == 0:
        os._exit(0)
    return os.waitpid(pid, 0)[1]


def trace(target: Target) -> None:
    call("ptrace", PTRACE_SEIZE, target.victim, 0, 0)
    call("ptrace", PTRACE_INTERRUPT, target.victim, 0, 0)
    os.waitpid(target.victim, WAIT_FOR_ANY)
    call("ptrace", PTRACE_DETACH, target.victim, 0, 0)


def read_memory_by_call(target: Target) -> None:
    call("process_vm_readv", target.victim, buffer(), 0, buffer(), 0, 0)


def read_memory_by_file(target: Target) -> None:
    with Path(f"/proc/{target.victim}/mem").open("rb"):
        pass


def send_signal_by_file(target: Target) -> None:
    """A file that can be read soon sends its owner a signal of the attacker's choice."""
    reader, writer = os.pipe()
    try:
        fcntl.fcntl(reader, fcntl.F_SETOWN, target.victim)
    finally:
        os.close(reader)
        os.close(writer)


def steal_descriptor(target: Target) -> None:
    descriptor = os.pidfd_open(target.victim)
    try:
        os.close(call("pidfd_getfd", descriptor, 0, 0))
    finally:
        os.close(descriptor)


def survive_the_processor(_target: Target) -> None:
    kernel.prctl(kernel.PR_SET_PDEATHSIG, 0)


PROCESSES: Attacks = {
    "fork": fork,
    "fork bomb": bomb,
    "spawn": spawn,
    "run": run,
    "execute": lambda _: os.execv("/nowhere", ["nothing"]),
    "clone a namespace": clone_namespace,
    "clone by structure": clone_by_structure,
    "read the environment of another": lambda target: Path(f"/proc/{target.victim}/environ").read_bytes(),
    "read the processor's environment": lambda target: Path(f"/proc/{target.supervisor}/environ").read_bytes(),
    "read the fork server's environment": lambda _: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
    "read memory by file": read_memory_by_file,
    "read memory by call": read_memory_by_call,
    "trace": trace,
    "list descriptors of another": lambda target: names_in(Path(f"/proc/{target.victim}/fd")),
    "steal a descriptor": steal_descriptor,
    "signal another": lambda target: os.kill(target.victim, HARMLESS),
    "signal the processor": lambda target: os.kill(target.supervisor, HARMLESS),
    "signal the fork server": lambda _: os.kill(os.getppid(), HARMLESS),
    "signal everybody": lambda _: os.kill(-1, 0),
    "signal by thread": lambda target: call("tgkill", target.victim, target.victim, HARMLESS),
    "signal by descriptor": lambda target: signal.pidfd_send_signal(os.pidfd_open(target.victim), HARMLESS),
    "signal by file": send_signal_by_file,
    "limit another": lambda target: resource.prlimit(target.victim, resource.RLIMIT_CORE, (0, 0)),
    "slow down another": lambda target: os.setpriority(os.PRIO_PROCESS, target.victim, 19),
    "bind another to a processor": lambda target: os.sched_setaffinity(target.victim, os.sched_getaffinity(0)),
    "survive the processor": survive_the_processor,
}
