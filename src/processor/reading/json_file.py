"""JSON as a table: each object a row, each key a column; what does not fit into one type becomes text."""

import io
import itertools
import json
import re
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from common.errors import InputError
from processor.reading import json_lines
from processor.reading.converted import Piece
from processor.reading.faults import is_about_the_file
from processor.reading.flaws import Flaws
from processor.reading.json_lines import Lines
from processor.reading.json_shape import Shape
from processor.reading.packing import Packing, Unpacked
from processor.reading.schema import shown

_PARSERS = 2
_LIKE_OTHERS = r"^(-?[0-9]|true$|false$|\[|\{)"
_LOOK_AT = 100
_FEW = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parsed:
    """The rows of some lines, the numbers of lines that are no objects, the columns that had to become text."""

    frame: pl.DataFrame
    unread: Sequence[int] = ()
    mixed: Sequence[str] = ()
    nan: bool = False


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
    for line in parsed.unread:
        flaws.miss(line)
    for name in parsed.mixed:
        flaws.note("types", f"Column {shown(name)} holds values of several types; read as text.")
    if parsed.nan:
        flaws.note("nan", "NaN is no JSON; where it stands for a number, it was read as a missing value.")
    return Piece(frame=parsed.frame, position=lines.position)


def _parse(lines: Lines) -> _Parsed:
    try:
        frame = _strict(lines.text)
    except BaseException as error:
        if not is_about_the_file(error):
            raise
    else:
        if frame.height == _count(lines.text):
            return _Parsed(frame=frame, mixed=_other_than_text(frame, lines.text))
    return _lenient(lines)  # Polars leaves out a last line that breaks off without a word


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


def _lenient(lines: Lines) -> _Parsed:
    """Line by line: those that are no objects are left out, and columns of several types made text."""
    rows, unread, nan = _objects(lines)
    mixed = _mixed(rows)
    nested = {name for row in rows for name, value in row.items() if isinstance(value, (list, dict))}
    for names in (mixed, nested):
        for row in rows:
            for name in names & row.keys():
                row[name] = _text(row[name])
        try:
            text = "\n".join(json.dumps(row) for row in rows).encode()
            frame = _strict(text) if rows else pl.DataFrame()
        except pl.exceptions.PolarsError:
            continue
        return _Parsed(frame=frame, unread=unread, mixed=sorted(mixed), nan=nan)
    raise InputError("The JSON cannot be read as a table.", advice="Hand in flat objects of one type a key.")


def _objects(lines: Lines) -> tuple[list[dict[str, Any]], list[int], bool]:
    rows, unread, constants = [], [], []

    def constant(name: str) -> str | None:
        # No JSON, but written by many. Infinities have no other form than their name.
        constants.append(name)
        return None if name == "NaN" else name

    for number, line in enumerate(lines.text.decode("utf-8", errors="replace").split("\n"), start=lines.first):
        if not line.strip():
            continue
        try:
            row = json.loads(line, parse_constant=constant)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict):
            rows.append(row)
        else:
            unread.append(number)
    return rows, unread, "NaN" in constants


def _mixed(rows: Sequence[dict[str, Any]]) -> set[str]:
    kinds: dict[str, set[str]] = {}
    for row in rows:
        for name, value in row.items():
            if value is not None:
                kinds.setdefault(name, set()).add(_kind(value))
    return {name for name, found in kinds.items() if len(found) > 1}


def _kind(value: object) -> str:
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
