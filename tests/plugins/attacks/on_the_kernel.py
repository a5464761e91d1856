"""Attacks on limits, on the walls themselves, and on what the kernel offers beyond files, sockets and processes."""

import ctypes
import mmap
import os
import resource

from plugins.attacks.attack import Attacks, Target, buffer, call
from processor.confinement import kernel

CLONE_NEWNS = 0x20000
BY_ANOTHER_DOOR = 0x40000000  # x86_64's second set of numbers


def raise_descriptors(_target: Target) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (4097, 4097))


def raise_file_size(_target: Target) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def allow_core_files(_target: Target) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, 1 << 20))


def hide_memory(_target: Target) -> None:
    """Shared memory that is filled and let go is in no count of resident memory."""
    with mmap.mmap(-1, 1 << 12) as memory:
        memory[0] = 1


def share_memory(_target: Target) -> None:
    segment = call("shmget", 0, 4096, 0o1600)
    call("shmctl", segment, 0, None)


KERNEL: Attacks = {
    "raise the limit of descriptors": raise_descriptors,
    "raise the limit of a file": raise_file_size,
    "allow core files": allow_core_files,
    "become faster": lambda _: os.nice(-5),
    "take capabilities back": lambda _: call("capset", ctypes.byref(kernel.CapabilityHeader(0, 0)), None),
    "become dumpable": lambda _: kernel.prctl(kernel.PR_SET_DUMPABLE, 1),
    "become somebody": lambda _: os.setuid(os.getuid()),
    "unshare": lambda _: call("unshare", CLONE_NEWNS),
    "enter a namespace": lambda _: call("setns", os.open("/proc/self/ns/mnt", os.O_RDONLY), 0),
    "mount": lambda target: call("mount", b"none", os.fsencode(target.scratch), b"nothing", 0, None),
    "change the root": lambda _: os.chroot("/"),
    "hide memory": hide_memory,
    "hide a file": lambda _: os.close(os.memfd_create("attack")),
    "share memory": share_memory,
    "queue messages": lambda _: call("msgget", 0, 0o1600),
    "watch files": lambda _: os.close(call("inotify_init1", 0)),
    "trace the kernel": lambda _: call("perf_event_open", buffer(128), 0, -1, -1, 0),
    "load a program": lambda _: call("bpf", 0, buffer(64), 64),
    "handle faults": lambda _: os.close(call("userfaultfd", 1)),
    "read keys": lambda _: call("keyctl", 0, -3, 0, 0, 0),
    "read the kernel's log": lambda _: call("syslog", 10, 0, 0),
    "call by another door": lambda _: kernel.syscall(BY_ANOTHER_DOOR + 39),
    "call what is not known yet": lambda _: kernel.syscall(900),
}
