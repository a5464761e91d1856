"""The other queues that ours is measured beside, in an environment of their own with pinned versions."""

import subprocess
import venv
from importlib.metadata import distributions
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
NAMES = ("pgqueuer", "procrastinate", "chancy")


def python_with_peers(folder: Path) -> Path:
    """Install the peers into a folder, and return the Python that has them."""
    venv.create(folder, with_pip=True, symlinks=True)
    python = folder / "bin" / "python"
    lock = HERE / "requirements-peers.lock"
    options = ["--quiet", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"]
    subprocess.run([str(python), "-m", "pip", "install", *options, "-r", str(lock)], check=True)
    return python


def versions(folder: Path) -> dict[str, str]:
    """Which version of each is installed in the folder."""
    (packages,) = (folder / "lib").glob("python*/site-packages")
    found = {made.metadata["Name"].lower(): made.version for made in distributions(path=[str(packages)])}
    return {name: found[name] for name in NAMES}
