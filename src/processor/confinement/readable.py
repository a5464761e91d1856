"""What a child may read besides its own folder: Python, its libraries and what these look at; nothing of anybody."""

import logging
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from processor.confinement.landlock import READ, Place, Right

log = logging.getLogger(__name__)

# Shared libraries, time zones, locales. Not /etc: it names the machine's users and hosts.
SYSTEM: Final = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/share/zoneinfo",
    "/usr/share/locale",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/timezone",
    "/etc/ssl/openssl.cnf",
    "/dev/urandom",
    "/dev/random",
    "/dev/zero",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/sys/vm/overcommit_memory",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
)
GROUPS: Final = Path("/sys/fs/cgroup")
OWN_GROUPS: Final = Path("/proc/self/cgroup")
LIMITS: Final = (
    "cpu.max",
    "cpu.cfs_quota_us",
    "cpu.cfs_period_us",
    "memory.max",
    "memory.high",
    "memory.limit_in_bytes",
)
NOWHERE: Final = "/dev/null"
PYTHON_FOLDERS: Final = ("stdlib", "platstdlib", "purelib", "platlib")


def readable_places(*, hidden: Iterable[Path]) -> tuple[Place, ...]:
    """Where a child may read.

    Args:
        hidden: folders that no place may contain, whatever is installed there.
    """
    guarded = [path.resolve() for path in hidden]
    return (
        *(Place.of(path, READ) for path in _without(guarded, _resolved(_python()))),
        *(Place.of(path, READ) for path in _resolved([*map(Path, SYSTEM), *_limits()])),
        Place.of(Path(NOWHERE), Right.READ_FILE | Right.WRITE_FILE),
    )


def _python() -> Iterator[Path]:
    """Folders that modules are imported from, and Python's own library."""
    yield from (Path(each) for each in sys.path if each)
    for name in PYTHON_FOLDERS:
        yield Path(sysconfig.get_path(name))
    if library := sysconfig.get_config_var("LIBDIR"):
        yield Path(library)


def _limits() -> Iterator[Path]:
    """Where engines look up how much of the machine is theirs: files of the control groups that this process is in."""
    for line in OWN_GROUPS.read_text("utf-8").splitlines() if OWN_GROUPS.exists() else ():
        _, controllers, own = line.split(":", 2)
        for controller in controllers.split(","):
            top = GROUPS / controller
            folder = top / own.lstrip("/")
            for each in (folder, *folder.parents):
                if each.is_relative_to(top):
                    yield from (each / name for name in LIMITS)


def _resolved(paths: Iterable[Path]) -> list[Path]:
    """Those that can be reached, each once, without those below another."""
    found: list[Path] = []
    for path in sorted({path.resolve() for path in paths if os.access(path, os.R_OK)}):
        if not any(path.is_relative_to(other) for other in found):
            found.append(path)
    return found


def _without(hidden: Iterable[Path], paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if any(each.is_relative_to(path) for each in hidden):
            log.warning("children may not read %s: it holds the processor's own folders", path)
        else:
            yield path
