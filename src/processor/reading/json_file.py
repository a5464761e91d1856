"""JSON as a table: each object a row, each key a column; what does not fit into one type becomes text."""

import io
import json
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

import polars as pl

from common.errors import InputError
from processor.reading import json_lines
from processor.reading.converted import Piece
from processor.reading.faults import SchemaMovedError, is_about_the_file
from processor.reading.flaws import Flaws
from processor.reading.json_kinds import told
from processor.reading.json_lines import Lines
from processor.reading.json_rows import Rows, is_rounded, read_rows
from processor.reading.json_shape import AsObjects, Shape
from processor.reading.json_splitter import AnotherObjectError, Splitter
from processor.reading.json_text import check_depth, count_lines, without_halves
from processor.reading.json_texts import other_than_text
from processor.reading.names import shown
from processor.reading.options import ReadOptions
from processor.reading.packing import Packing, Unpacked

_PARSERS = 2
_NAMED = 5
_ORDERED = 32  # columns, which Polars leaves in their order
_LOOKED_AT = 100  # lines


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
        encoding: str,
        shape: Shape,
        options: ReadOptions,
    ) -> None:
        self._path = path
        self._packing = packing
        self._encoding = encoding
        self._shape = shape
        self._options = options

    def rows(self) -> int | None:
        """Nothing says how many rows there are."""
        return None

    def pieces(self, flaws: Flaws) -> Iterator[Piece]:
        """The rows; lines that are no objects are counted.

        Raises:
            InputError: it is not JSON at all, or damaged where no line can be left out.
            SchemaMovedError: the rows are others than its beginning said.
        """
        splitter = Splitter(self._shape)
        try:
            with (
                Unpacked(self._path, self._packing, member=self._options.member) as file,
                ThreadPoolExecutor(max_workers=_PARSERS, thread_name_prefix="json") as workers,
            ):
                yield from _parsed(self._lines(file, splitter), workers, flaws)
        except AnotherObjectError as another:
            self._mend(another)
        if self._shape.key is not None and self._options.rows_under is None:
            flaws.note("json_list", _told(self._shape.key, splitter.beside))
        if self._shape.lists:
            flaws.note("json_list", _told_of_several(self._shape.lists))

    def _lines(self, file: Unpacked, splitter: Splitter) -> Iterator[Lines]:
        if self._shape.by_lines:
            return json_lines.of_lines(file, self._encoding)
        objects = AsObjects(self._shape.row, header=self._options.header)
        return json_lines.of_values(file, self._encoding, splitter, objects)

    def _mend(self, another: AnotherObjectError) -> NoReturn:
        """The first object was taken for the only one, which it is not: each is a row."""
        if self._options.rows_under is not None:
            raise InputError(
                "Another object follows the one that holds the list of rows.",
                advice="Leave read_options.rows_under out, or hand in the first object alone.",
            ) from None
        self._shape = Shape(by_lines=another.by_lines)
        raise SchemaMovedError from None


def _told(key: str, beside: Sequence[str]) -> str:
    left = f"; what the object holds beside it was left out: {_named(beside)}" if beside else ""
    return (
        f"The rows are those of the list under {shown(key)}{left}."
        " Set read_options.rows_under to an empty text if the object is a row itself."
    )


def _told_of_several(lists: Sequence[str]) -> str:
    return (
        f"The JSON is one object with lists under {_named(lists)}; it was read as one row."
        " Set read_options.rows_under to the list that holds the rows."
    )


def _named(names: Sequence[str]) -> str:
    others = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(map(shown, names[:_NAMED])) + others


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
    for path in rows.mixed:
        flaws.note("types", told(path))
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
    if frame.height != count_lines(text) or is_rounded(frame, text):
        return None
    return Rows(frame=frame, mixed=other_than_text(frame, text))


def _strict(text: bytes) -> pl.DataFrame:
    frame = pl.read_ndjson(io.BytesIO(text), infer_schema_length=None)
    if frame.width:
        return _in_order(frame, text) if frame.width > _ORDERED else frame
    return pl.DataFrame({"": [None] * count_lines(text)})


def _in_order(frame: pl.DataFrame, text: bytes) -> pl.DataFrame:
    """The columns as the first lines name them; of many, Polars gives them in the order of a hash table."""
    names: dict[str, None] = {}
    for line in text.split(b"\n", maxsplit=_LOOKED_AT)[:_LOOKED_AT]:
        with suppress(ValueError):
            names |= dict.fromkeys(json.loads(line))
    columns = {column.name: column for column in frame.get_columns()}
    first = [columns.pop(name) for name in names if name in columns]
    return pl.DataFrame([*first, *(columns[name] for name in sorted(columns))])
