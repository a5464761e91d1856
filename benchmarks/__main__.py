"""Runs the benchmarks of this folder in turn: `python -m benchmarks`, or only some of them by name.

What begins with a dash is passed on: `python -m benchmarks engine_throughput --help`.
"""

import ast
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


def main(arguments: list[str]) -> int:
    """Run each in a process of its own; 1 if one of them failed."""
    options = next((place for place, word in enumerate(arguments) if word.startswith("-")), len(arguments))
    names, passed_on = arguments[:options], arguments[options:]
    found = {path.stem: path for path in sorted(HERE.glob("[!_]*.py"))}
    if unknown := sorted(set(names) - set(found)):
        print(f"No such benchmark: {', '.join(unknown)}. There are: {', '.join(found)}.")
        return 1
    failed = [name for name in names or found if not succeeded(found[name], passed_on)]
    return 1 if failed else 0


def succeeded(path: Path, passed_on: list[str]) -> bool:
    title = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or path.stem).splitlines()[0]
    print(f"\n== {path.stem}: {title}\n", flush=True)
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "src", ROOT / "tests")))  # the tests' helpers serve here, too
    command = [sys.executable, "-m", f"benchmarks.{path.stem}", *passed_on]
    return subprocess.run(command, check=False, env={**os.environ, "PYTHONPATH": paths}).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
