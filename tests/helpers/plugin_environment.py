"""A Python environment in which a kind of the tests' own is installed, as a third party would install one."""

import sysconfig
import venv
from collections.abc import Iterable
from pathlib import Path

METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
ENTRY_POINT = "{module}-{kind} = {module}:{kind}\n"


def environment_with_kind(module: Path, *, folder: Path, kinds: Iterable[str] = ("KIND",)) -> str:
    """Make an environment that has all that ours has, and besides `module` with the kinds that its attributes are.

    Returns:
        Its Python.
    """
    venv.create(folder, with_pip=False, symlinks=True)
    own = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    ours = sysconfig.get_path("purelib")
    (own / "ours.pth").write_text(f"import site; site.addsitedir({ours!r})\n", encoding="utf-8")
    (own / module.name).write_bytes(module.read_bytes())
    metadata = own / f"{module.stem}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(METADATA.format(name=module.stem), encoding="utf-8")
    points = "".join(ENTRY_POINT.format(module=module.stem, kind=kind) for kind in kinds)
    (metadata / "entry_points.txt").write_text(f"[sundog.kinds]\n{points}", encoding="utf-8")
    return str(folder / "bin" / "python")
