"""A machine whose children have fewer walls, as in a container that forbids them."""

from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from plugins import without_walls


def python_without_walls(python: str, *, folder: Path, walls: Sequence[str] = ("landlock", "seccomp")) -> str:
    """A Python like the other, but what it runs cannot build these walls."""
    script = folder / "python-without-walls"
    command = f"{quote(python)} {without_walls.__file__} {','.join(walls)} {quote(python)}"
    script.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    return str(script)
