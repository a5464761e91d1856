"""What each wall stops by itself, and that without any of them the attacks would succeed."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from helpers.victim import victim
from plugins.attacks.by_socket import SOCKETS
from plugins.attacks.kinds import ATTACKS
from plugins.attacks.on_files import FILES
from plugins.attacks.on_the_kernel import KERNEL
from processor.confinement.wall import Wall

TESTS = Path(__file__).parent.parent
REFUSALS = {"EPERM", "EACCES", "EXDEV", "ENOSYS", "gaierror"}
# No kernel of today has these; that they are refused says something about tomorrow's.
NOT_THERE_YET = {"call by another door", "call what is not known yet"}
OF_NO_PLACE = {
    "change a mode",
    "change an owner",
    "change a time",
    "change an attribute",
    "hold up readers",
    "read by handle",
}
BOTH_SEE = {"shorten own input", "make a named pipe", "make a device"}
TRACES = {"trace", "steal a descriptor"}
OF_ROOT = {
    "make a device",
    "raw",
    "packet",
    "unshare",
    "enter a namespace",
    "change the root",
    "mount",
    "become faster",
}
SIGNALS = {
    "signal another",
    "signal the processor",
    "signal the fork server",
    "signal by thread",
    "signal by descriptor",
}
RAISES = {"raise the limit of descriptors", "raise the limit of a file", "allow core files"}
OTHERS_FILES = {
    "read the environment of another",
    "read the processor's environment",
    "read the fork server's environment",
    "read memory by file",
    "list descriptors of another",
}
STOPPED: Mapping[Wall, set[str]] = {
    Wall.NO_CAPABILITIES: OF_ROOT,
    Wall.RLIMITS: RAISES,
    Wall.LANDLOCK: (set(FILES) - OF_NO_PLACE) | TRACES | OTHERS_FILES | {"spawn", "run", "mount"},
    Wall.LANDLOCK_NET: {"connect to a port", "listen at a port"} | TRACES,
    Wall.LANDLOCK_SCOPE: {"connect to an abstract name"} | SIGNALS | TRACES,
    Wall.SECCOMP: (
        OF_NO_PLACE
        | BOTH_SEE
        | (set(SOCKETS) - {"look up a name"})
        | (set(ATTACKS) - set(FILES) - set(SOCKETS) - set(KERNEL) - OTHERS_FILES)
        | (set(KERNEL) - {"become faster"})
    ),
}


def refused(folder: Path, *, walls: set[Wall]) -> set[str]:
    """The attacks that are refused to a process behind these walls."""
    for name in ("own/inputs", "own/scratch", "outside"):
        (folder / name).mkdir(parents=True)
    (folder / "own" / "inputs" / "data").write_text("a,b\n1,2\n")
    with victim(folder / "outside") as target:
        told = {"walls": sorted(walls), "folder": str(folder / "own"), "target": target}
        run = subprocess.run(
            [sys.executable, "-m", "plugins.attacks.alone"],
            cwd=TESTS,
            input=json.dumps(told),
            check=True,
            capture_output=True,
            text=True,
        )
    return {attack for attack, answer in json.loads(run.stdout).items() if answer in REFUSALS}


@pytest.mark.parametrize("wall", STOPPED)
def test_a_wall_stops_this_by_itself(tmp_path: Path, wall: Wall) -> None:
    stopped = refused(tmp_path, walls={Wall.NO_NEW_PRIVS, wall})

    assert STOPPED[wall] - stopped == set()


@pytest.mark.skipif(os.geteuid() != 0, reason="to all but root some of it is refused anyway")
def test_without_walls_every_attack_succeeds(tmp_path: Path) -> None:
    assert refused(tmp_path, walls=set()) == NOT_THERE_YET


def test_every_attack_is_stopped_by_one_wall_alone_at_least() -> None:
    assert set(ATTACKS) - set().union(*STOPPED.values()) == {"look up a name"}
