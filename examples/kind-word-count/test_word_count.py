"""The kind is a function: no service is needed to test it."""

import hashlib
from pathlib import Path

import pytest
import word_count
from word_count import KIND, WordCountParams

from common.errors import InputError
from processor.child_run import ChildRun
from processor.kind import Input, Outcome


def counted(folder: Path, content: bytes, **params: object) -> tuple[Outcome, list[str]]:
    """What it found in a text, and the types of what it told on the way."""
    told: list[str] = []
    run = ChildRun(
        send=lambda message: told.append(str(message["type"])), scratch=folder, memory_mb=256, low_memory=False
    )
    path = folder / "text"
    path.write_bytes(content)
    given = Input(
        name="text", filename="a.txt", path=path, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content)
    )
    return KIND.analyse(run, {"text": given}, WordCountParams.model_validate(params)), told


def test_words_are_counted(tmp_path: Path) -> None:
    outcome, told = counted(tmp_path, b"The sun and\nthe dog.\n", top_k=1)

    assert outcome.data == {
        "lines": 2,
        "words": 5,
        "distinct": {"value": 4, "exact": True},
        "top": [{"value": "the", "count": 2}],
    }
    assert {"progress", "partial"} <= set(told)
    assert (tmp_path / "words.csv").read_text("utf-8").splitlines()[:2] == ["word,count", "the,2"]


def test_case_matters_where_it_is_asked_for(tmp_path: Path) -> None:
    outcome, _ = counted(tmp_path, b"The the", ignore_case=False)

    assert outcome.data["distinct"] == {"value": 2, "exact": True}


def test_a_word_is_not_cut_between_two_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_count, "CHUNK_BYTES", 5)
    outcome, _ = counted(tmp_path, "über über alles".encode())

    assert outcome.data["top"] == [{"value": "über", "count": 2}, {"value": "alles", "count": 1}]


def test_more_words_than_memory_should_hold_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_count, "MOST_WORDS", 2)
    monkeypatch.setattr(word_count, "CHUNK_BYTES", 4)
    outcome, told = counted(tmp_path, b"a b c a b c a d ")

    assert outcome.data["distinct"] == {"value": 2, "exact": False}
    assert "log" in told


def test_what_is_no_text_is_the_callers_mistake(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="UTF-8"):
        counted(tmp_path, b"\xff\xfe\x00")


def test_an_empty_text_has_no_words(tmp_path: Path) -> None:
    assert counted(tmp_path, b"")[0].data["words"] == 0
