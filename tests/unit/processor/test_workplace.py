from pathlib import Path

from processor.workplace import workplace


def test_each_has_a_folder_of_its_own_and_the_next_takes_the_first_that_is_free(tmp_path: Path) -> None:
    with workplace(tmp_path / "work") as first:
        with workplace(tmp_path / "work") as second:
            assert first != second
            assert {first.parent, second.parent} == {tmp_path / "work"}
        with workplace(tmp_path / "work") as third:
            assert third == second


def test_what_children_left_behind_is_removed_and_inputs_are_kept(tmp_path: Path) -> None:
    with workplace(tmp_path) as folder:
        (folder / "children" / "7").mkdir()
        (folder / "children" / "7" / "spilled").write_bytes(b"half a table")
        (folder / "inputs").mkdir()
        (folder / "inputs" / "table").write_bytes(b"a table")

    with workplace(tmp_path) as again:
        assert again == folder
        assert list((again / "children").iterdir()) == []
        assert (again / "inputs" / "table").read_bytes() == b"a table"


def test_nothing_is_removed_under_one_who_is_at_work(tmp_path: Path) -> None:
    with workplace(tmp_path) as at_work:
        (at_work / "children" / "7").mkdir()
        with workplace(tmp_path):
            pass

        assert (at_work / "children" / "7").exists()
