"""The kind `word-count`: the words of a text of any size, and how often each comes."""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, BinaryIO

from pydantic import BaseModel, ConfigDict, Field

from common.errors import InputError
from processor.kind import Input, Kind, Outcome
from processor.run import Run

CHUNK_BYTES = 1 << 20
MOST_WORDS = 1_000_000  # distinct ones that are counted; a hostile text must not fill the memory


class WordCountParams(BaseModel):
    """What a task may ask for; its JSON Schema is what the gateway announces and checks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    top_k: Annotated[int, Field(ge=0, le=1000, description="How many of the most frequent words to list.")] = 10
    ignore_case: Annotated[bool, Field(description="Count Word and word as one.")] = True


class Tally:
    """What was counted so far."""

    def __init__(self) -> None:
        self.lines = 0
        self.words = 0
        self.each: Counter[str] = Counter()
        self.is_exact = True

    def add(self, text: str) -> None:
        """Count a piece of text that ends between two words."""
        found = text.split()
        self.lines += text.count("\n")
        self.words += len(found)
        if len(self.each) < MOST_WORDS:
            self.each.update(found)
        else:
            self.is_exact = False
            self.each.update(word for word in found if word in self.each)

    def data(self, *, top_k: int) -> dict[str, object]:
        """What the result says, and in the same form what is known on the way to it."""
        return {
            "lines": self.lines,
            "words": self.words,
            "distinct": {"value": len(self.each), "exact": self.is_exact},
            "top": [{"value": word, "count": count} for word, count in self.each.most_common(top_k)],
        }


def analyse(run: Run, inputs: Mapping[str, Input], params: WordCountParams) -> Outcome:
    """Count the words of the input `text`."""
    given = inputs["text"]
    tally = Tally()
    run.phase("count")
    with given.path.open("rb") as file:
        for number, chunk in enumerate(pieces(file)):
            text = decoded(chunk)
            tally.add(text.lower() if params.ignore_case else text)
            if number == 0:
                run.partial(tally.data(top_k=params.top_k), estimate=True)
            run.progress(rows=tally.lines, bytes_read=file.tell(), fraction=file.tell() / given.bytes)
    if not tally.is_exact:
        run.warn("too_many_words", f"Only the first {MOST_WORDS} different words were counted.")
    run.phase("write")
    keep(run, tally)
    data = tally.data(top_k=params.top_k)
    return Outcome(summary={"words": tally.words}, data=data, rows={"text": tally.lines})


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """The bytes in pieces that end between two words, if the words have a sensible length."""
    rest = b""
    while chunk := file.read(CHUNK_BYTES):
        rest += chunk
        end = max(rest.rfind(b" "), rest.rfind(b"\n")) + 1
        if end:
            yield rest[:end]
            rest = rest[end:]
        elif len(rest) > CHUNK_BYTES:
            raise InputError("There is a word of more than a megabyte.", advice="Hand in a text.")
    if rest:
        yield rest


def decoded(chunk: bytes) -> str:
    """The text of a piece."""
    try:
        return chunk.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError("This is no text in UTF-8.", advice="Convert it first, for example with iconv.") from error


def keep(run: Run, tally: Tally) -> None:
    """Keep every word with its count as an artifact; `run.scratch` is the one place to write in."""
    path: Path = run.scratch / "words.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("word", "count"))
        writer.writerows(tally.each.most_common())
    run.artifact("words.csv", path, media_type="text/csv")


KIND = Kind(
    name="word-count",
    version="1",
    title="Count words",
    summary="The words of a text, and how often each comes.",
    params=WordCountParams,
    inputs={"text": "a text in UTF-8"},
    example={"top_k": 20},
    analyse=analyse,
)
