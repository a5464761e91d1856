"""A Python environment in which a kind of the tests' own is installed, as a third party would install one."""

import sysconfig
import venv
from collections.abc import Iterable, Mapping
from pathlib import Path

METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"


def environment_with_kind(module: Path, *, folder: Path, kinds: Iterable[str] = ("KIND",)) -> str:
    """Make an environment that has all that ours has, and besides `module` with the kinds that its attributes are.

    Returns:
        Its Python.
    """
    points = {f"{module.stem}-{kind}": f"{module.stem}:{kind}" for kind in kinds}
    python = environment_with_entry_points(module.stem, points, folder=folder)
    (packages_of(folder) / module.name).write_bytes(module.read_bytes())
    return python


def environment_with_entry_points(
    name: str, points: Mapping[str, str], *, folder: Path, paths: Iterable[Path] = ()
) -> str:
    """Make an environment that has all that ours has, and besides a distribution that brings kinds.

    Args:
        name: of the distribution.
        points: its entry points: name → `module:attribute`.
        folder: for the environment.
        paths: further folders to import from.

    Returns:
        Its Python.
    """
    venv.create(folder, with_pip=False, symlinks=True)
    own = packages_of(folder)
    ours = sysconfig.get_path("purelib")
    lines = [f"import site; site.addsitedir({ours!r})", *map(str, paths)]
    (own / "ours.pth").write_text("\n".join(lines) + "\n", encoding="utf-8")
    metadata = own / f"{name}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(METADATA.format(name=name), encoding="utf-8")
    text = "".join(f"{point} = {place}\n" for point, place in points.items())
    (metadata / "entry_points.txt").write_text(f"[sundog.kinds]\n{text}", encoding="utf-8")
    return python_of(folder)


def packages_of(folder: Path) -> Path:
    """Where an environment keeps its packages."""
    return Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))


def python_of(folder: Path) -> str:
    """An environment's Python."""
    return str(folder / "bin" / "python")
