"""The environment whose children have every kind of the tests' own."""

from pathlib import Path

from helpers.plugin_environment import environment_with_kind
from plugins import breaking_kinds, worse_kinds


def python_with_breaking_kinds(folder: Path) -> str:
    """Make it in a folder; gives its Python."""
    python = ""
    for module in (breaking_kinds, worse_kinds):
        kinds = [f"kind_{name.replace('-', '_')}" for name in module.ANALYSES]
        python = environment_with_kind(Path(str(module.__file__)), folder=folder, kinds=kinds)
    return python
