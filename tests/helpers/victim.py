"""Something to attack: files, sockets and a process that belong to the same user as the attacker."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Listens in every way, says so, and ends with its standard input.
VICTIM = """
import os, socket, sys
port = socket.create_server(("127.0.0.1", 0))
path = socket.socket(socket.AF_UNIX); path.bind(sys.argv[1]); path.listen()
datagrams = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); datagrams.bind(sys.argv[1] + ".datagrams")
abstract = socket.socket(socket.AF_UNIX); abstract.bind(f"\\0victim-{os.getpid()}"); abstract.listen()
print(port.getsockname()[1], flush=True)
sys.stdin.read()
"""


@contextmanager
def victim(folder: Path, *, hidden: Sequence[Path] = (), supervisor: int | None = None) -> Iterator[dict[str, Any]]:
    """The target of attacks, as `attack.Target` takes it.

    Args:
        folder: an empty one; its path must be short enough for a socket.
        hidden: files and folders that must not be read, besides.
        supervisor: the processor; the victim's process where there is none.
    """
    (folder / "empty").mkdir()
    (folder / "secret").write_text("secret")
    path = folder / "socket"
    command = [sys.executable, "-I", "-c", VICTIM, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield {
            "outside": str(folder),
            "hidden": [str(each) for each in (folder / "secret", folder, Path.home(), *hidden)],
            "victim": process.pid,
            "supervisor": supervisor or process.pid,
            "port": port,
            "socket": str(path),
        }
        assert process.poll() is None, "the victim has died"
        process.kill()
