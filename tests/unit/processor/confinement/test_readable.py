"""What a child may read besides its folder."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from processor.confinement.landlock import Right, known_rights
from processor.confinement.readable import readable_places


def paths(*, hidden: Iterable[Path] = ()) -> list[Path]:
    return [place.path for place in readable_places(hidden=hidden)]


def test_pythons_modules_can_be_read() -> None:
    readable = paths()
    modules = [Path(str(module.__file__)).resolve() for module in (json, pytest)]

    assert all(any(module.is_relative_to(path) for path in readable) for module in modules)


def test_neither_etc_nor_the_home_folder_nor_tmp_can_be_read() -> None:
    readable = paths()

    for closed in ("/", "/etc", "/etc/passwd", "/proc", "/sys", "/dev", "/tmp", "/var", "/usr", Path.home()):
        assert not any(Path(closed).is_relative_to(path) for path in readable), closed


def test_a_folder_of_modules_that_holds_hidden_ones_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    hidden = tmp_path / ".data" / "storage"
    assert tmp_path.resolve() in paths()

    assert tmp_path.resolve() not in paths(hidden=[hidden])
    assert str(tmp_path) in caplog.text


def test_nothing_can_be_written_but_what_is_thrown_away() -> None:
    writable = [place.path for place in readable_places(hidden=()) if place.rights & Right.WRITE_FILE]

    assert writable == [Path("/dev/null")]


def test_each_place_is_named_once_and_is_no_link() -> None:
    readable = paths()

    assert len(readable) == len(set(readable))
    assert [path.resolve() for path in readable] == readable


@pytest.mark.parametrize(
    ("version", "newest"),
    [
        (1, Right.MAKE_SYM),
        (2, Right.REFER),
        (3, Right.TRUNCATE),
        (4, Right.TRUNCATE),
        (5, Right.IOCTL_DEV),
        (7, Right.IOCTL_DEV),
    ],
)
def test_a_kernel_is_asked_for_the_rights_that_it_knows(version: int, newest: Right) -> None:
    known = known_rights(version)

    assert known == newest * 2 - 1
