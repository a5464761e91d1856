"""As whom Postgres is run: it refuses to be root."""

import os
import pwd
import subprocess
import sys
from functools import cache
from pathlib import Path

from sundog.process import LAUNCHER


def identity_for(data: Path) -> str:
    """The `identity` of launch.py for a server over the folder `data`, which need not be there yet.

    An ordinary user stays what it is. Root becomes an ordinary user in a namespace, which changes no owner and reads
    what root may read; where namespaces are forbidden (in most containers) it becomes `nobody`. A folder that belongs
    to somebody keeps belonging to them.
    """
    if os.geteuid() != 0:
        return "same"
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return f"{owner.st_uid}:{owner.st_gid}"
    if _namespaces_work():
        return "namespace"
    nobody = pwd.getpwnam("nobody")
    return f"{nobody.pw_uid}:{nobody.pw_gid}"


def hand_over(path: Path, identity: str) -> None:
    """Make `path` and all in it belong to `identity`, where that is another user."""
    if ":" not in identity:
        return
    uid, gid = (int(number) for number in identity.split(":"))
    for each in (path, *path.rglob("*")):
        os.chown(each, uid, gid, follow_symlinks=False)


@cache
def _namespaces_work() -> bool:
    # Signal 0 asks for no signal at our death.
    launch = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), "0", "0", "namespace"]
    command = [*launch, sys.executable, "-I", "-S", "-c", ""]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603
