"""Texts with commas that nobody quoted: the names stay, and every row that was cut is counted."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.profiling import input_of
from helpers.recording_run import RecordingRun
from processor.reading import ReadOptions, Table, read
from processor.reading.dialect import count_preamble, sniff

PHRASES = ("well", "you and I", "as ever", "they said")


def read_lines(folder: Path, lines: list[str]) -> tuple[pl.DataFrame, int, RecordingRun]:
    path = folder / "input"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    run = RecordingRun(folder)

    def work(table: Table) -> tuple[pl.DataFrame, int]:
        return table.frame.collect(), table.flaws.cut

    frame, cut = read(run, input_of(path), ReadOptions(), work)
    return frame, cut, run


@pytest.mark.parametrize("share", [1, 3, 6, 9, 10])
@pytest.mark.parametrize(
    ("names", "before"), [("text", ""), ("id,text", "{n},"), ("name,text", "x{n},"), ("a,b,text", "{n},x{n},")]
)
def test_names_over_texts_with_commas_stay_and_rows_with_commas_are_counted(
    tmp_path: Path, names: str, before: str, share: int
) -> None:
    texts = [f"so {n}, and more, yes" if n % 10 < share else f"so {n}" for n in range(200)]

    frame, cut, run = read_lines(tmp_path, [names, *(before.format(n=n) + text for n, text in enumerate(texts))])

    assert frame.columns == names.split(",")
    assert frame["text"].to_list() == [f"so {n}" for n in range(200)]
    assert cut == 20 * share
    assert run.codes == {"ragged_rows"}


@pytest.mark.parametrize("narrow", [1, 2, 40, 99])
def test_rows_that_are_wider_further_down_do_not_make_a_preamble_of_the_first(tmp_path: Path, narrow: int) -> None:
    frame, cut, run = read_lines(tmp_path, ["a,b", *["1,2"] * narrow, *["3,4,5"] * (150 - narrow)])

    assert (frame.columns, frame.height) == (["a", "b"], 150)
    assert cut == 150 - narrow
    assert run.codes == {"ragged_rows"}


@given(st.lists(st.lists(st.sampled_from(PHRASES), min_size=1, max_size=4), min_size=1, max_size=80))
def test_the_first_line_stays_the_header_however_many_commas_are_in_a_text(texts: list[list[str]]) -> None:
    text = "id,word\n" + "".join(f"{n},{', '.join(phrases)}\n" for n, phrases in enumerate(texts))

    found = sniff(text)

    assert (found.delimiter, found.header, count_preamble(text, found)) == (",", True, 0)


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (["Sales", "name,town", "Ada,London", "Alan,Wilmslow"], ["name", "town"]),
        (["Sales", "", "name, town", "Ada, London", "Alan, Wilmslow"], ["name", "town"]),
        (["Made by:,me", "For:,you", "a,b,c", "x,y,z", "u,v,w"], ["a", "b", "c"]),
        (["by,me", "for,you", "", "a,b,c", "x,y,z", "u,v,w"], ["a", "b", "c"]),
        (["one", "two", "three", "four", "a,b", "x,1", "y,2"], ["a", "b"]),
        (["one", "two", "three", "four", "", "a,b", "x,y", "z,w"], ["a", "b"]),
        (["a,b,c", "x,y,z", "u,v,w", "Total"], ["a", "b", "c"]),
    ],
)
def test_titles_above_a_table_of_texts_are_still_told_from_names(
    tmp_path: Path, lines: list[str], names: list[str]
) -> None:
    frame, cut, _ = read_lines(tmp_path, lines)

    assert frame.columns == names
    assert cut == 0
