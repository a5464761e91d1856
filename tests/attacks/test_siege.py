"""Every attack from a child of a real processor: each is refused, and harms nobody."""

import pytest

from attacks.conftest import OF_ANOTHER, OWN, Siege
from plugins.attacks.kinds import ATTACKS
from processor.confinement.wall import Wall

REFUSALS = {"EPERM", "EACCES", "EXDEV", "ENOSYS", "gaierror"}


@pytest.mark.parametrize("turn", ["fresh", "reused"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_it_is_refused(siege: Siege, attack: str, turn: str) -> None:
    assert siege.data[turn]["answers"][attack] in REFUSALS


def test_the_attacking_tasks_end_as_any_other(siege: Siege) -> None:
    assert {turn: row["state"] for turn, row in siege.rows.items()} == {"fresh": "succeeded", "reused": "succeeded"}


def test_it_was_one_child_that_attacked_twice(siege: Siege) -> None:
    assert siege.data["fresh"]["pid"] == siege.data["reused"]["pid"]


def test_nothing_that_was_stored_has_changed(siege: Siege) -> None:
    assert siege.blobs == {OWN: OWN, OF_ANOTHER: OF_ANOTHER}


def test_the_processor_tells_which_walls_stand(siege: Siege) -> None:
    assert siege.walls == list(Wall)
