"""Shared texts that memory has no room for are found in any order, without reading much more than themselves."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from processor.reading.spreadsheet.shared_texts import SharedTexts

COUNT = 200_000


def text(number: int) -> str:
    return "" if number % 1000 == 7 else f"é{number:,}\U0001f31e\0"


def texts() -> Iterator[list[str]]:
    for start in range(0, COUNT, 500):
        yield [text(number) for number in range(start, start + 500)]


def read_bytes() -> int:
    return int(Path("/proc/self/io").read_text().split()[1])


@pytest.mark.parametrize("most_bytes", [0, 1 << 20])
def test_they_are_found_in_any_order(tmp_path: Path, most_bytes: int) -> None:
    random = Random(1)
    wanted = [random.randrange(COUNT) for _ in range(5_000)] + list(range(COUNT - 3_000, COUNT)) + list(range(3_000))
    with SharedTexts(texts(), folder=tmp_path, most_bytes=most_bytes) as shared:
        assert [shared[number] for number in wanted] == [text(number) for number in wanted]
        with pytest.raises(IndexError):
            shared[COUNT]


def test_of_far_ones_only_themselves_are_read(tmp_path: Path) -> None:
    with SharedTexts(texts(), folder=tmp_path, most_bytes=0) as shared:
        assert shared[COUNT - 1] == text(COUNT - 1)
        before = read_bytes()
        for number in range(0, COUNT * 10, 1_500):
            assert shared[number % COUNT] == text(number % COUNT)

        assert read_bytes() - before < 100 * COUNT * 10 / 1_500
