"""JSON cut into its values: they are the same wherever the text was cut into pieces."""

import itertools
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.profiling import input_of
from helpers.recording_run import RecordingRun
from processor.reading import ReadOptions, read
from processor.reading.encoding import CHUNK
from processor.reading.json_rest import Rest
from processor.reading.json_shape import Shape
from processor.reading.json_splitter import Splitter

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


def pieces_of(text: str, cuts: Sequence[float]) -> list[str]:
    ends = [0, *sorted(int(cut * len(text)) for cut in cuts), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(ends)]


def values_of(shape: Shape, pieces: Sequence[str]) -> list[object]:
    splitter = Splitter(shape)
    found = [value for piece in pieces for value in splitter.feed(piece)]
    return [json.loads(value) for value in [*found, *splitter.end()]]


@given(
    values=st.lists(VALUES, max_size=8),
    indent=st.none() | st.just(1),
    cuts=st.lists(st.floats(0, 1), max_size=20),
    escaped=st.booleans(),
)
def test_values_are_the_same_wherever_their_text_is_cut(
    *, values: list[object], indent: int | None, cuts: Sequence[float], escaped: bool
) -> None:
    listed = json.dumps(values, indent=indent, ensure_ascii=escaped)
    before = '\ufeff \n{"n": [1], "data": '
    follow = "\n".join(json.dumps(value, indent=indent, ensure_ascii=escaped) for value in values)

    assert values_of(Shape(in_list=True, skip=1), pieces_of(listed, cuts)) == values
    assert values_of(Shape(), pieces_of(follow, cuts)) == values
    wrapped = Shape(in_list=True, skip=len(before.lstrip("\ufeff \n")) + 1, key="data")
    assert values_of(wrapped, pieces_of(f'{before}{listed}, "x": 1}}', cuts)) == values


@pytest.mark.parametrize("value", ["0", "-1.5", "1e5", "12E-3", "true", "null", "NaN", "-Infinity", '"\\ud83d\\ude00"'])
def test_a_value_that_pieces_cut_apart_is_one(value: str) -> None:
    for cut in range(len(value) + 1):
        found = values_of(Shape(in_list=True, skip=1), [f"[{value[:cut]}", f"{value[cut:]}, 1]"])
        assert [str(one) for one in found] == [str(json.loads(value)), "1"]


def test_long_lists_of_numbers_keep_their_numbers(tmp_path: Path) -> None:
    numbers = [number * 1_001 for number in range(400_000)]
    path = tmp_path / "numbers"
    path.write_text(json.dumps(numbers))
    assert path.stat().st_size > 3 * CHUNK

    frame = read(RecordingRun(tmp_path), input_of(path), ReadOptions(), lambda table: table.frame.collect())

    assert frame["value"].to_list() == numbers


@given(
    members=st.dictionaries(st.text(max_size=3), VALUES, max_size=5),
    indent=st.none() | st.just(1),
    cuts=st.lists(st.floats(0, 1), max_size=20),
    beyond=st.sampled_from(["", "\n", " \0"]),
)
def test_an_object_is_followed_to_its_end_wherever_its_text_is_cut(
    members: dict[str, object], indent: int | None, cuts: Sequence[float], beyond: str
) -> None:
    text = json.dumps({"data": [], **members}, indent=indent)
    rest = Rest()

    for piece in pieces_of(text[text.index("]") + 1 :] + beyond, cuts):
        rest.feed(piece)

    assert rest.names == [name for name in members if name != "data"]
    assert rest.ended
    assert rest.beyond == ""


@pytest.mark.parametrize("text", ["\\", '"', '\\"', "}\\\\\\"])
def test_a_long_text_on_the_way_ends_where_it_does(text: str) -> None:
    follow = json.dumps({"x": text * (1 << 20), "y": 1})[1:]
    for cut in range(2_000_000, 2_000_004):
        rest = Rest()

        rest.feed(f",{follow[:cut]}")
        rest.feed(follow[cut:])

        assert (rest.names, rest.ended) == (["x", "y"], True)
