"""The footer of a Parquet file: how many rows its groups have, without a look at each of its values."""

import re
import sys
from pathlib import Path
from types import FrameType
from typing import Final

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processor.reading.footer import Compact, check_row_groups, rows_told

NOTHING_AT_ONCE: Final = re.compile(rb"")
CALLS_A_BYTE: Final = 0.5


def footer_of(path: Path) -> bytes:
    content = path.read_bytes()
    return content[-8 - int.from_bytes(content[-8:-4], "little") : -8]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("footer") / "many.parquet"
    n = pl.int_range(2_050, eager=True).alias("n")
    frame = n.to_frame().with_columns(
        (n * 1.7).alias("f"),
        (n % 50).cast(pl.String).alias("s" * 70),
        (n % 2 == 0).alias("b"),
        n.reshape((2_050, 1)).arr.to_list().alias("l"),
    )
    frame.write_parquet(path, row_group_size=100)
    return path


def found(data: bytes, plain: re.Pattern[bytes] | None = None) -> tuple[set[int], list[int]] | None:
    try:
        return rows_told(Compact(data) if plain is None else Compact(data, plain=plain))
    except (IndexError, KeyError, RecursionError):
        return None


def test_each_group_says_how_many_rows_it_has(table: Path) -> None:
    assert found(footer_of(table)) == ({2_050}, [100] * 20 + [50])


@settings(deadline=None)
@given(
    places=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6), cut=st.floats(0, 1)
)
def test_what_is_skipped_at_once_is_what_is_skipped_one_by_one(
    table: Path, places: list[tuple[float, int]], cut: float
) -> None:
    data = bytearray(footer_of(table))
    for place, byte in places:
        data[int(place * len(data))] = byte
    spoiled = bytes(data[: round(cut * len(data))] if cut < 0.5 else data)

    assert found(spoiled) == found(spoiled, NOTHING_AT_ONCE)


def test_a_footer_is_skipped_in_large_steps(table: Path) -> None:
    calls = 0

    def count(_frame: FrameType, event: str, _what: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        check_row_groups(table, most_bytes=1 << 30)
    finally:
        sys.setprofile(before)

    assert calls < CALLS_A_BYTE * len(footer_of(table))
