"""Runs the benchmarks of this folder in turn: `python -m benchmarks`, or only some of them by name."""

import ast
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main(names: list[str]) -> int:
    """Run each in a process of its own; 1 if one of them failed."""
    found = {path.stem: path for path in sorted(HERE.glob("[!_]*.py"))}
    if unknown := sorted(set(names) - set(found)):
        print(f"No such benchmark: {', '.join(unknown)}. There are: {', '.join(found)}.")
        return 1
    failed = [name for name in names or found if not succeeded(found[name])]
    return 1 if failed else 0


def succeeded(path: Path) -> bool:
    title = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or path.stem).splitlines()[0]
    print(f"\n== {path.stem}: {title}\n", flush=True)
    return subprocess.run([sys.executable, path], check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
