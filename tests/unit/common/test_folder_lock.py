import os
from pathlib import Path

import pytest

from common.errors import ConfigurationError
from common.folder_lock import folder_lock


def test_a_second_owner_is_told_who_the_first_is(tmp_path: Path) -> None:
    with folder_lock(tmp_path / "new"), pytest.raises(ConfigurationError) as refused, folder_lock(tmp_path / "new"):
        pass
    assert f"process {os.getpid()}" in refused.value.message


def test_the_next_owner_may_follow(tmp_path: Path) -> None:
    with folder_lock(tmp_path):
        pass
    with folder_lock(tmp_path):
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"
