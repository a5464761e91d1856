"""What is installed: the locks, the extras and the wheel."""

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent.parent
LOCKS = sorted(ROOT.glob("requirements*.lock"))
WEB = {"starlette", "uvicorn", "sse-starlette"}


def requirements(lock: Path) -> Iterator[str]:
    """Each requirement of a lock on one line, without comments."""
    text = re.sub(r"^\s*#.*\n", "", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    yield from text.replace("\\\n", " ").splitlines()


def pins(lock: Path) -> dict[str, str]:
    found = (re.match(r"([\w.-]+)==(\S+)", line) for line in requirements(lock))
    return {canonicalize_name(match[1]): match[2] for match in found if match}


def closure(extra: str) -> set[str]:
    """All packages that `sundog[extra]` needs here, by the metadata of what is installed."""
    found: set[str] = set()
    waiting: list[tuple[str, frozenset[str]]] = [("sundog", frozenset({extra}))]
    seen = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        found.add(name)
        waiting.extend(needed_by(name, extras))
    return found


def needed_by(name: str, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    try:
        texts = requires(name) or []
    except PackageNotFoundError:
        return
    for requirement in map(Requirement, texts):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield canonicalize_name(requirement.name), frozenset(requirement.extras)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_requirement_of_a_lock_is_pinned_and_hashed(lock: Path) -> None:
    lines = list(requirements(lock))
    assert lines
    for line in lines:
        assert re.match(r"[\w.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line), line


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_names_no_host(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index-url" not in text


def test_a_package_has_one_version_in_all_locks() -> None:
    versions: dict[str, set[str]] = {}
    for lock in LOCKS:
        for name, version in pins(lock).items():
            versions.setdefault(name, set()).add(version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_the_gateway_is_installed_without_polars() -> None:
    assert "polars" not in pins(ROOT / "requirements-gateway.lock")
    assert "polars" not in closure("gateway")
    assert closure("gateway") >= WEB


def test_the_processor_is_installed_without_a_web_server() -> None:
    assert pins(ROOT / "requirements-processor.lock").keys() & WEB == set()
    assert closure("processor") & WEB == set()
    assert "polars" in closure("processor")


def test_the_wheel_holds_the_schema_the_queries_and_the_dashboard(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("sundog-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {"common/schema/schema.sql", "sundog/queries/count_processors.sql"}
    expected |= {str(path.relative_to(ROOT / "src")) for path in (ROOT / "src" / "gateway" / "dashboard").rglob("*.*")}
    expected |= {str(path.relative_to(ROOT / "src")) for path in (ROOT / "src").rglob("*.sql")}
    assert expected <= names
    assert {name.partition("/")[0] for name in names if ".dist-info" not in name} == {
        "common",
        "gateway",
        "processor",
        "sundog",
    }
