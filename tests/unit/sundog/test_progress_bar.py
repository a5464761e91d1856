import io

from sundog.progress_bar import ProgressBar, describe


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_in_words() -> None:
    progress = {"phase": "scan", "fraction": 0.625, "rows": 208_000, "rate": 3_120_000.0, "eta_s": 0.42}
    assert describe(progress) == " 62%  scan  208,000 rows  3.1 M rows/s  0.4 s left"


def test_a_phase_that_cannot_be_measured_says_so() -> None:
    assert describe({"phase": "sort", "fraction": None, "rows": None, "rate": None, "eta_s": None}) == "   …  sort"


def test_a_terminal_sees_one_line_that_is_drawn_again() -> None:
    terminal = Terminal()
    bar = ProgressBar(terminal)
    for fraction in (0.25, 0.5):
        bar.show({"phase": "scan", "fraction": fraction})
    drawn = terminal.getvalue().split("\r\x1b[2K")
    assert [line.count("━") * 4 // (line.count("━") + line.count("─")) for line in drawn[1:]] == [1, 2]
    assert "\n" not in terminal.getvalue()


def test_the_line_makes_room_for_other_words() -> None:
    terminal = Terminal()
    bar = ProgressBar(terminal)
    bar.clear()
    assert terminal.getvalue() == ""
    bar.show({"phase": "scan", "fraction": 0.5})
    bar.clear()
    assert terminal.getvalue().endswith("\r\x1b[2K")


def test_a_pipe_gets_a_line_for_each_tenth_and_each_phase() -> None:
    pipe = io.StringIO()
    bar = ProgressBar(pipe)
    for percent in range(0, 40, 2):
        bar.show({"phase": "scan", "fraction": percent / 100})
    bar.show({"phase": "write", "fraction": 0.39})
    assert [line.split()[1] for line in pipe.getvalue().splitlines()] == ["scan"] * 4 + ["write"]
    assert "\r" not in pipe.getvalue()
