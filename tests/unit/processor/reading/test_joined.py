from pathlib import Path

import pytest

from helpers.profiling import input_of
from helpers.recording_run import RecordingRun
from processor.reading import ReadOptions, read
from processor.reading.dialect import Dialect
from processor.reading.joined import Joined

DIALECT = Dialect(delimiter=",", quote='"', header=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'"tv","32""\n"tv","1"\n"tv","32""\n', True),
        (b'"32"",a\n"1",b\n"32"",c\n', True),
        (b'1,"a ""quoted""\nword",x\n', False),
        (b'1,"say ""hi"", all",x\n', False),
        (b'1,"ends ""so"""\n', False),
        (b'1,"",\n2,"a\nb",\n', False),
        (b"1,2\n", False),
    ],
)
def test_rows_that_a_quote_would_join_are_found(text: bytes, *, expected: bool) -> None:
    assert Joined(DIALECT).are_in(text) is expected


@pytest.mark.parametrize("rows", [4, 60_000])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_inches_at_the_end_of_quoted_fields_join_no_rows(tmp_path: Path, rows: int, place: int) -> None:
    """Small, and larger than what is looked at first."""
    fields = [["tv", f"item {number}", "new"] for number in range(rows)]
    for number in range(0, rows, 3):
        fields[number][place] = '32"'
    lines = [",".join(f'"{field}"' for field in row) for row in [["a", "b", "c"], *fields]]
    path = tmp_path / "input"
    path.write_text("\n".join(lines) + "\n")
    run = RecordingRun(tmp_path)

    frame = read(run, input_of(path), ReadOptions(), lambda table: table.frame.collect())

    assert frame.rows() == [tuple(row) for row in fields]
    assert [code for code, _ in run.warnings] == ["quotes"]


def test_quoted_words_at_the_end_of_lines_within_quotes_are_read_as_they_are(tmp_path: Path) -> None:
    content = "n,text\n" + "".join(f'{number},"he said ""so""\nand went, ""then"", on"\n' for number in range(500))
    path = tmp_path / "input"
    path.write_text(content)
    run = RecordingRun(tmp_path)

    frame = read(run, input_of(path), ReadOptions(), lambda table: table.frame.collect())

    assert frame["text"].unique().to_list() == ['he said "so"\nand went, "then", on']
    assert (frame.height, run.warnings) == (500, [])
