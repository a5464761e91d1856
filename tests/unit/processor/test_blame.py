from pathlib import Path

from processor.blame import takes_bytes


async def test_a_disk_takes_bytes_and_keeps_none_of_them_or_it_does_not(tmp_path: Path) -> None:
    assert await takes_bytes(tmp_path)
    assert not list(tmp_path.iterdir())
    assert not await takes_bytes(tmp_path / "gone")
