import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.child_run import REPORTS_PER_S, ChildRun

TOO_SOON = 0.3 / REPORTS_PER_S
LATER = 1.1 / REPORTS_PER_S


class Clock:
    """Seconds that grow when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Told:
    """What came through the pipe, in order."""

    def __init__(self) -> None:
        self.messages: list[Mapping[str, Any]] = []

    def __call__(self, message: Mapping[str, object]) -> None:
        self.messages.append(message)

    def all(self, key: str) -> list[Any]:
        return [message[key] for message in self.messages if key in message]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def run(clock: Clock, told: Told, tmp_path: Path) -> ChildRun:
    return a_run(clock, told, tmp_path)


def a_run(clock: Clock, told: Told, scratch: Path) -> ChildRun:
    return ChildRun(send=told, scratch=scratch, memory_mb=100, low_memory=False, clock=clock)


def test_the_first_report_of_a_phase_is_told_at_once(run: ChildRun, told: Told, clock: Clock) -> None:
    run.phase("scan")
    clock.now += TOO_SOON
    run.progress(rows=1)

    assert told.all("rows") == [1]


def test_reports_that_follow_too_soon_wait_for_the_next_that_is_told(run: ChildRun, told: Told, clock: Clock) -> None:
    run.phase("scan")
    for rows in range(1, 8):
        run.progress(rows=rows)
        clock.now += TOO_SOON

    assert told.all("rows") == [1, 5]


def test_the_last_report_of_a_phase_is_told_when_the_phase_ends(run: ChildRun, told: Told, clock: Clock) -> None:
    run.phase("scan")
    run.progress(rows=1)
    run.progress(rows=2)
    clock.now += TOO_SOON
    run.phase("merge")
    run.progress(rows=3)

    assert [(message["phase"], message.get("rows")) for message in told.messages] == [
        ("scan", None),
        ("scan", 1),
        ("scan", 2),
        ("merge", None),
        ("merge", 3),
    ]


def test_the_last_report_of_a_run_is_told_at_its_end_and_only_once(run: ChildRun, told: Told) -> None:
    run.progress(rows=1)
    run.progress(rows=2)
    run.end()
    run.end()

    assert told.all("rows") == [1, 2]


def test_a_rate_and_an_end_are_reckoned_from_the_phase_and_the_time_of_the_report(
    run: ChildRun, told: Told, clock: Clock
) -> None:
    run.phase("wait")
    clock.now += 100
    run.phase("scan")
    clock.now += 2
    run.progress(rows=500, rows_total=2000)

    assert told.messages[-1] == {
        "type": "progress",
        "phase": "scan",
        "fraction": 0.25,
        "rows": 500,
        "rows_total": 2000,
        "rate": 250,
        "eta_s": 6.0,
    }


def test_what_cannot_be_measured_has_no_fraction(run: ChildRun, told: Told) -> None:
    run.phase("merge")
    run.progress(bytes_read=10)

    assert told.all("fraction") == [None, None]
    assert told.messages[-1]["bytes"] == 10


@given(
    steps=st.lists(
        st.one_of(
            st.just("phase"),
            st.floats(min_value=-1, max_value=3),
            st.tuples(st.integers(0, 100), st.integers(0, 100)),
            st.none(),
        ),
        max_size=40,
    ),
    pause=st.sampled_from([0.0, TOO_SOON, LATER]),
)
def test_the_fraction_never_goes_back_and_stays_between_zero_and_one(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Any], pause: float
) -> None:
    clock, told = Clock(), Told()
    run = a_run(clock, told, tmp_path_factory.getbasetemp())
    for step in steps:
        match step:
            case "phase":
                run.phase("next")
            case (rows, total):
                run.progress(rows=rows, rows_total=total)
            case _:
                run.progress(fraction=step)
        clock.now += pause
    run.end()

    shown = [fraction for fraction in told.all("fraction") if fraction is not None]
    assert shown == sorted(shown)
    assert all(0 <= fraction <= 1 for fraction in shown)


def test_reports_of_many_threads_are_told_in_order_and_the_last_one_too(tmp_path: Path) -> None:
    told = Told()
    run = ChildRun(send=told, scratch=tmp_path, memory_mb=100, low_memory=False, clock=iter_clock())
    counted = iter(range(1, 4001))
    counting = threading.Lock()

    def work() -> None:
        for _ in range(1000):
            with counting:  # as Polars calls back: one count for all threads
                run.progress(rows=next(counted), rows_total=4000)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.end()

    assert told.all("rows") == sorted(told.all("rows"))
    assert told.all("rows")[-1] == 4000
    assert len(told.messages) < 4000


def iter_clock() -> Any:
    """A clock that goes on by a third of the interval with every look."""
    seconds = (look * TOO_SOON for look in range(1_000_000))
    return lambda: next(seconds)


def test_nobody_waits_for_a_report_that_another_thread_is_sending(tmp_path: Path, clock: Clock) -> None:
    sending, go_on = threading.Event(), threading.Event()
    rows: list[Any] = []

    def send(message: Mapping[str, object]) -> None:
        rows.append(message["rows"])
        if len(rows) == 1:
            sending.set()
            go_on.wait(10)

    run = ChildRun(send=send, scratch=tmp_path, memory_mb=100, low_memory=False, clock=clock)
    thread = threading.Thread(target=lambda: run.progress(rows=1))
    thread.start()
    assert sending.wait(10)
    clock.now += LATER
    run.progress(rows=2)  # returns though the pipe is full
    assert rows == [1]
    go_on.set()
    thread.join()
    run.end()

    assert rows == [1, 2]


def test_phases_are_timed_and_add_up_when_they_come_again(run: ChildRun, clock: Clock) -> None:
    for name, seconds in (("read", 1.0), ("count", 2.0), ("read", 0.5)):
        run.phase(name)
        clock.now += seconds
    run.end()
    clock.now += 9
    run.end()

    assert run.timings == {"read": 1.5, "count": 2.0}


def test_a_warning_is_listed_and_told(run: ChildRun, told: Told) -> None:
    run.warn("odd_rows", "Three rows are odd.")

    assert run.warnings == [{"code": "odd_rows", "message": "Three rows are odd."}]
    assert told.messages == [{"type": "log", "level": "warning", "message": "Three rows are odd."}]


def test_an_artifact_is_noted_with_its_place_in_scratch(run: ChildRun) -> None:
    (run.scratch / "deep").mkdir()
    made = run.scratch / "deep" / "table.csv"
    made.write_text("a,b", encoding="utf-8")
    run.artifact("table.csv", made, media_type="text/csv")

    assert run.artifacts == [{"name": "table.csv", "bytes": 3, "media_type": "text/csv", "file": "deep/table.csv"}]


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\0b"])
def test_an_artifact_has_a_name_of_one_segment(run: ChildRun, name: str) -> None:
    with pytest.raises(ValueError, match="segment"):
        run.artifact(name, run.scratch / "made", media_type="text/plain")


def test_an_artifact_outside_of_scratch_is_refused(run: ChildRun) -> None:
    with pytest.raises(ValueError, match="subpath"):
        run.artifact("hosts", Path("/etc/hosts"), media_type="text/plain")
