import json
from pathlib import Path

from sundog.part_log import LARGEST_AT_START, PartLog, short_form


def test_a_json_record_becomes_time_text_and_keys() -> None:
    record = {
        "at": "2026-11-01T12:34:56.789+00:00",
        "level": "info",
        "service": "gateway",
        "text": "done",
        "status": 200,
    }
    assert short_form(json.dumps(record)) == "12:34:56 done status=200"


def test_a_level_that_matters_is_named() -> None:
    record = {"at": "2026-11-01T12:34:56.789+00:00", "level": "error", "text": "it broke"}
    assert short_form(json.dumps(record)) == "12:34:56 error: it broke"


def test_what_is_no_record_of_ours_stays_as_it_is() -> None:
    for line in ("Traceback (most recent call last):", "[1, 2]", "17", '{"at": 5, "text": "x"}', ""):
        assert short_form(line) == line


def test_lines_that_come_in_pieces_are_told_whole(tmp_path: Path) -> None:
    told: list[str] = []
    log = PartLog(tmp_path, part="gateway", tell=told.append)
    for piece in (b"on", b"e\ntw", b"o\nthree"):
        log.feed(piece)
    assert told == ["gateway      one", "gateway      two"]
    assert (tmp_path / "gateway.log").read_bytes() == b"one\ntwo\nthree"


def test_its_last_words_are_the_explanation_if_there_is_one(tmp_path: Path) -> None:
    log = PartLog(tmp_path, part="gateway", tell=lambda _: None)
    assert log.last_words == "it said nothing"
    log.feed(b"Traceback\nKeyError: 'x'\n")
    assert log.last_words == "KeyError: 'x'"
    log.feed(b"sundog: The port is taken.\n        Choose another.\n")
    assert log.last_words == "The port is taken. Choose another."


def test_a_file_that_grew_large_makes_room(tmp_path: Path) -> None:
    with (tmp_path / "gateway.log").open("wb") as file:
        file.truncate(LARGEST_AT_START + 1)
    PartLog(tmp_path, part="gateway", tell=print).feed(b"new\n")
    assert (tmp_path / "gateway.log").read_bytes() == b"new\n"
    assert (tmp_path / "gateway.log.1").exists()
