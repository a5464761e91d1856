"""JSON as a table: each object a row, each key a column; what does not fit into one type becomes text."""

import io
import itertools
import json
import re
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from processor.reading import json_lines
from processor.reading.converted import Piece
from processor.reading.faults import is_about_the_file
from processor.reading.flaws import Flaws
from processor.reading.json_lines import Lines
from processor.reading.json_rows import Rows, is_rounded, read_rows
from processor.reading.json_shape import Shape
from processor.reading.json_text import check_depth, without_halves
from processor.reading.names import shown
from processor.reading.packing import Packing, Unpacked

_PARSERS = 2
_LIKE_OTHERS = r"^(-?[0-9]|true$|false$|\[|\{)"
_LOOK_AT = 100
_FEW = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parsed:
    """What some lines hold; `halves` where there were halves of characters."""

    rows: Rows
    halves: bool


class JsonSource:
    """The rows of a JSON file: an object a line, or what a list holds."""

    format = "json"
    head_rows = 1_000_000

    def __init__(
        self,
        path: Path,
        packing: Packing,
        *,
        member: str | None,
        encoding: str,
        shape: Shape,
        header: bool | None = None,
    ) -> None:
        self._path = path
        self._packing = packing
        self._member = member
        self._encoding = encoding
        self._shape = shape
        self._header = header

    def rows(self) -> int | None:
        """Nothing says how many rows there are."""
        return None

    def pieces(self, flaws: Flaws) -> Iterator[Piece]:
        """The rows; lines that are no objects are counted.

        Raises:
            InputError: it is not JSON at all, or damaged where no line can be left out.
        """
        with Unpacked(self._path, self._packing, member=self._member) as file:
            if self._shape.by_lines:
                lines = json_lines.of_lines(file, self._encoding)
            else:
                lines = json_lines.of_list(file, self._encoding, self._shape, header=self._header)
            with ThreadPoolExecutor(max_workers=_PARSERS, thread_name_prefix="json") as workers:
                yield from _parsed(lines, workers, flaws)


def _parsed(lines: Iterator[Lines], workers: ThreadPoolExecutor, flaws: Flaws) -> Iterator[Piece]:
    """Parse some pieces at once, and give them in their order; the first alone, because somebody waits for it."""
    first = next(lines, None)
    if first is None:
        return
    yield _counted(first, _parse(first), flaws)
    waiting: deque[tuple[Lines, Future[_Parsed]]] = deque()
    for piece in lines:
        waiting.append((piece, workers.submit(_parse, piece)))
        if len(waiting) > _PARSERS:
            done, future = waiting.popleft()
            yield _counted(done, future.result(), flaws)
    for done, future in waiting:
        yield _counted(done, future.result(), flaws)


def _counted(lines: Lines, parsed: _Parsed, flaws: Flaws) -> Piece:
    rows = parsed.rows
    for line in rows.unread:
        flaws.miss(line)
    for name in rows.mixed:
        flaws.note("types", f"Column {shown(name)} holds values of several types; read as text.")
    for code, message, is_so in (
        ("nan", "NaN is no JSON; where it stands for a number, it was read as a missing value.", rows.nan),
        ("types", "Numbers of more than 127 bits, or beyond all decimal numbers, were read as text.", rows.huge),
        ("encoding", "Bytes that are no UTF-8 stand as U+FFFD.", rows.undecodable),
        ("encoding", r"Halves of characters (such as \ud83d alone) stand as U+FFFD.", parsed.halves),
    ):
        if is_so:
            flaws.note(code, message)
    return Piece(frame=rows.frame, position=lines.position)


def _parse(lines: Lines) -> _Parsed:
    text, halves = without_halves(lines.text)
    check_depth(text)
    rows = _read(text)
    if rows is None:
        rows = read_rows(replace(lines, text=text), _strict)
    return _Parsed(rows=rows, halves=halves > 0)


def _read(text: bytes) -> Rows | None:
    """The rows as Polars reads them; None where it cannot, or not without a loss."""
    try:
        frame = _strict(text)
    except BaseException as error:
        if not is_about_the_file(error):
            raise
        return None
    # Polars leaves out a last line that breaks off without a word.
    if frame.height != _count(text) or is_rounded(frame, text):
        return None
    return Rows(frame=frame, mixed=_other_than_text(frame, text))


def _strict(text: bytes) -> pl.DataFrame:
    frame = pl.read_ndjson(io.BytesIO(text), infer_schema_length=None)
    if frame.width:
        return frame
    return pl.DataFrame({"": [None] * _count(text)})


def _other_than_text(frame: pl.DataFrame, text: bytes) -> list[str]:
    """Columns of text with values that are no text in the file: Polars makes text of them without a word.

    Only columns with values that look so are searched for, and what is found is parsed to be sure.
    """
    texts = {name: number for number, (name, dtype) in enumerate(frame.schema.items()) if dtype == pl.String}
    if not texts:
        return []
    alike = frame.select(pl.nth(number).str.contains(_LIKE_OTHERS).any() for number in texts.values()).row(0)
    names = [name for name, found in zip(texts, alike, strict=True) if found]
    if len(names) > _FEW:
        return _no_texts(frozenset(names), text)
    return [name for name in names if _is_elsewhere_no_text(name, text)]


def _no_texts(names: frozenset[str], text: bytes) -> list[str]:
    """Those of many columns that hold values that are no text: each line is parsed once, whatever their number."""
    decoder = json.JSONDecoder(parse_int=len, parse_float=len)
    found: set[str] = set()
    for line in text.decode("utf-8", errors="replace").split("\n"):
        try:
            row = decoder.decode(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            found |= {name for name, value in row.items() if value is not None and not isinstance(value, str)}
    return sorted(found & names)


def _is_elsewhere_no_text(name: str, text: bytes) -> bool:
    key = re.escape(json.dumps(name, ensure_ascii=False).encode("utf-8", errors="replace"))
    for found in itertools.islice(re.finditer(key + rb"\s*:\s*[-0-9tf{[]", text), _LOOK_AT):
        line = text[text.rfind(b"\n", 0, found.start()) + 1 : text.find(b"\n", found.start())]
        try:
            value = json.loads(line).get(name)
        except (ValueError, RecursionError, AttributeError):
            continue
        if value is not None and not isinstance(value, str):
            return True
    return False


def _count(text: bytes) -> int:
    ends = text.count(b"\n")
    if b"\n\n" in text or b"\n\r\n" in text or not text[:1].strip():
        return sum(bool(line.strip()) for line in text.split(b"\n"))
    return ends
