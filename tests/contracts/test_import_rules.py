"""Which part may import what: read in the source by import-linter, and seen in `sys.modules` of a fresh interpreter."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
IMPORT_ALL = """
import importlib, pkgutil, sys
for name in sys.argv[1:]:
    module = importlib.import_module(name)
    for each in pkgutil.walk_packages(getattr(module, "__path__", ()), name + "."):
        importlib.import_module(each.name)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""
WEB = {"starlette", "uvicorn", "sse_starlette"}


def imported_by(*modules: str) -> set[str]:
    command = [sys.executable, "-c", IMPORT_ALL, *modules]
    return set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


def test_the_source_keeps_the_rules_of_import_linter() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    run = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize(
    ("modules", "forbidden"),
    [
        (["gateway"], {"polars", "processor", "sundog"}),
        (["processor"], {"gateway", "sundog", *WEB}),
        (["common"], {"gateway", "processor", "sundog", "polars", *WEB}),
        (
            [
                "processor.child",
                "processor.confinement",
                "processor.analyses",
                "processor.reading",
                "processor.report",
                "processor.kind",
            ],
            {"asyncpg", "obstore", *WEB},
        ),
        (["sundog.cli", "sundog.client"], {"gateway", "processor", "polars", *WEB}),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_importing_all_of_it_loads_nothing_forbidden(modules: list[str], forbidden: set[str]) -> None:
    assert imported_by(*modules) & forbidden == set()
