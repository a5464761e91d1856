"""What a child prints, with the end that it prints to in the test's hands."""

import logging
import os
from collections.abc import AsyncIterator, Iterator

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.eventually import eventually
from processor.child_output import BYTES_AT_ONCE, MOST_BYTES, MOST_LINES, ChildOutput, output_pipe, shown

LEFT_OUT = "of what a child printed some is left out"


@pytest.fixture
def ends() -> Iterator[tuple[int, int]]:
    ours, theirs = output_pipe()
    yield ours, theirs
    os.close(theirs)


@pytest.fixture
async def output(ends: tuple[int, int]) -> AsyncIterator[ChildOutput]:
    output = ChildOutput(ends[0], is_told=True)
    output.open(pid=7)
    yield output
    output.close()


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[object, object]]:
    """The task, or the process, and the line."""
    records = [record.__dict__ for record in caplog.records if record.name == "processor.child_output"]
    return [(each.get("task", each["pid"]), each.get("printed", each.get("bytes"))) for each in records]


async def test_a_line_is_told_as_soon_as_it_is_there(
    output: ChildOutput, ends: tuple[int, int], caplog: pytest.LogCaptureFixture
) -> None:
    output.begin("a")
    os.write(ends[1], b"one\ntwo\nthr")

    async def two() -> bool:
        return told(caplog) == [("a", "one"), ("a", "two")]

    await eventually(two)
    os.write(ends[1], b"ee")
    output.finish()
    assert told(caplog)[2:] == [("a", "three")]


async def test_what_is_about_no_task_has_its_bounds_anew_after_a_while(
    ends: tuple[int, int], caplog: pytest.LogCaptureFixture
) -> None:
    output = ChildOutput(ends[0], is_told=True, anew_s=0)
    output.open(pid=7)
    for said in (b"many\n" * (MOST_LINES + 1), b"last\n"):
        os.write(ends[1], said)

        async def has_come(line: str = said[:4].decode()) -> bool:
            return (7, line) in told(caplog)

        await eventually(has_come)
    output.close()


async def test_each_line_is_about_the_task_that_printed_it(
    output: ChildOutput, ends: tuple[int, int], caplog: pytest.LogCaptureFixture
) -> None:
    for task in ("a", "b"):
        output.begin(task)
        os.write(ends[1], b"said")
        output.finish()
        os.write(ends[1], b"between\n")

    output.close()
    assert told(caplog) == [("a", "said"), (7, "between"), ("b", "said"), (7, "between")]


@pytest.mark.parametrize("line", [b"x\n", b"x" * 1_000 + b"\n", b"x" * 5_000], ids=["short", "long", "endless"])
async def test_of_one_task_so_much_is_told_and_all_else_is_counted(
    output: ChildOutput, ends: tuple[int, int], caplog: pytest.LogCaptureFixture, line: bytes
) -> None:
    for task in ("a", "b"):
        output.begin(task)
        for _ in range(400):
            await anyio.to_thread.run_sync(os.write, ends[1], line)
        output.finish()

    for task in ("a", "b"):
        *lines, (_, left_out) = [said for said in told(caplog) if said[0] == task]
        kept = sum(len(str(text)) + 1 for _, text in lines)
        assert len(lines) <= MOST_LINES
        assert kept <= MOST_BYTES + 1
        assert left_out in {400 * len(line) - kept, 400 * len(line) - kept + 1}


async def test_who_prints_without_end_waits_for_no_reader_and_takes_no_others_time(
    output: ChildOutput, ends: tuple[int, int], caplog: pytest.LogCaptureFixture
) -> None:
    output.begin("a")
    for _ in range(3 * BYTES_AT_ONCE // (1 << 16)):
        await anyio.to_thread.run_sync(os.write, ends[1], b"x" * (1 << 16))
    output.finish()

    assert told(caplog)[-1] == ("a", 3 * BYTES_AT_ONCE - MOST_BYTES)


async def test_lines_that_shall_not_be_told_are_counted(
    ends: tuple[int, int], caplog: pytest.LogCaptureFixture
) -> None:
    output = ChildOutput(ends[0], is_told=False)
    output.open(pid=7)
    output.begin("a")
    os.write(ends[1], b"secret\n")
    output.close()

    assert told(caplog) == [("a", 7)]
    assert "secret" not in caplog.text


async def test_its_end_is_closed_once(ends: tuple[int, int]) -> None:
    output = ChildOutput(ends[0], is_told=True)
    for _ in range(2):
        output.close()

    with pytest.raises(OSError, match="Bad file"):
        os.fstat(ends[0])


async def test_no_line_is_told_where_the_log_wants_none(
    output: ChildOutput, ends: tuple[int, int], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        os.write(ends[1], b"said\n")
        output.finish()

    assert told(caplog) == []


@given(st.binary())
def test_a_line_is_one_whatever_its_bytes(line: bytes) -> None:
    assert shown(line).isprintable()
