"""The one way in: `read` finds out what a file is, and reads it anew where its sample misled."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from common.errors import InputError
from processor.kind import Input
from processor.reading import sample
from processor.reading.arrow_stream import ArrowStreamSource
from processor.reading.avro import AvroSource
from processor.reading.blame import is_of_the_work
from processor.reading.converted import ConvertedFile
from processor.reading.delimited import DelimitedFile
from processor.reading.encoding import CHUNK, detect
from processor.reading.faults import is_about_the_file
from processor.reading.json_file import JsonSource
from processor.reading.json_shape import Shape, shape_of
from processor.reading.names import shown
from processor.reading.options import ReadOptions
from processor.reading.packing import Packing, Unpacked
from processor.reading.parquet import ColumnarFile
from processor.reading.read_ahead import bound_read_ahead
from processor.reading.sample import head_of
from processor.reading.signature import HEAD, Format, format_of, packing_of
from processor.reading.spreadsheet.source import ExcelSource
from processor.reading.table import Table
from processor.reading.wished import Wished
from processor.reading.zones import allow_any_zone
from processor.run import Run

Found = TypeVar("Found")
_RUNGS = 8


class _File(Protocol):
    def table(self, *, sample_rows: int) -> Table: ...

    def mend(self, error: BaseException) -> None: ...


def read(
    run: Run, source: Input, options: ReadOptions, work: Callable[[Table], Found], *, sample_rows: int = 10_000
) -> Found:
    """Do `work` on the table that `source` holds.

    A retry ladder: where the file proves to be otherwise than its sample said (a type that changes late, lines with
    too many fields), the plan is mended, the decision is told by `run.warn`, and `work` starts again: it must be
    repeatable.

    Args:
        run: takes the warnings and gives scratch space.
        source: the file.
        options: what the caller knows better.
        work: gets the table; errors of its own pass through.
        sample_rows: at most so many rows in `Table.head`.

    Raises:
        InputError: the file holds no table that could be read; the sentence quotes none of its data.
        BaseException: what Polars raises over the work, where the file is not to blame.
    """
    bound_read_ahead()
    allow_any_zone()
    file = _open(run, source, options)
    # Delimited text has no types of its own, and is read with the wished ones at once.
    wished = None if isinstance(file, DelimitedFile) else Wished.of(options)
    for _ in range(_RUNGS):
        table = None
        try:
            table = file.table(sample_rows=sample_rows)
            table = wished.applied(run, table) if wished else table
            return work(table)
        except BaseException as error:
            if not is_about_the_file(error) or is_of_the_work(error, table):
                raise
            _mend(file, error)
    raise InputError("The file was read in several ways, and none of them fits.", advice="Set read_options.")


def _mend(file: _File, error: BaseException) -> None:
    """Mend the plan; what comes up while looking closer is mended in its place."""
    try:
        file.mend(error)
    except BaseException as closer:
        if not is_about_the_file(closer):
            raise
        file.mend(closer)


def _open(run: Run, source: Input, options: ReadOptions) -> _File:
    packing = packing_of(source.path)
    head = _beginning(source, packing, options)
    path = source.path
    if packing is not Packing.NONE and head.startswith(b"PK"):
        path, packing = _unpacked(run, source, options, packing), Packing.NONE
    found = format_of(head, path, is_text=bool(options.encoding) or options.format in {"csv", "json"})
    _check_format(found, options)
    wanted = Format.JSON if options.format == "json" else Format.CSV if options.format == "csv" else found
    if wanted is Format.CSV:
        return DelimitedFile.open(run, source, options, packing)
    if wanted is Format.JSON:
        return ConvertedFile(run, source, pieces=_json(run, source, options, packing))
    if packing is not Packing.NONE:
        path = _unpacked(run, source, options, packing)
    return _binary(run, source, path, wanted, options)


def _beginning(source: Input, packing: Packing, options: ReadOptions) -> bytes:
    """The first bytes; where they are nothing but blanks, the first that are not, if they are among the first 1 MB."""
    head = head_of(source.path, packing, member=options.member, count=HEAD)
    if head.strip():
        return head
    return head_of(source.path, packing, member=options.member).lstrip()[:HEAD] or head


def _binary(run: Run, source: Input, path: Path, found: Format, options: ReadOptions) -> _File:
    most_bytes = (run.memory_mb << 20) // 4
    match found:
        case Format.ARROW_STREAM:
            return ConvertedFile(run, source, pieces=ArrowStreamSource(path, most_bytes=most_bytes))
        case Format.AVRO:
            return ConvertedFile(run, source, pieces=AvroSource(path, most_bytes=most_bytes))
        case Format.EXCEL:
            return ConvertedFile(run, source, pieces=_sheet(run, path, options))
        case _:
            return ColumnarFile(run, path, found, size=source.bytes)


def _sheet(run: Run, path: Path, options: ReadOptions) -> ExcelSource:
    return ExcelSource(path, options, folder=run.scratch, most_bytes=(run.memory_mb << 20) // 16)


def _check_format(found: Format, options: ReadOptions) -> None:
    known = Format.ARROW if found is Format.ARROW_STREAM else found
    wanted = Format(options.format) if options.format else known
    if wanted is known or {wanted, known} == {Format.CSV, Format.JSON}:
        return
    raise InputError(
        f"The file is {_SHOWN[known]}, not {_SHOWN[wanted]}.",
        advice="Leave read_options.format out, or hand in what it says.",
    )


def _json(run: Run, source: Input, options: ReadOptions, packing: Packing) -> JsonSource:
    seen = sample.take(source.path, packing, member=options.member)
    encoding = options.encoding or detect([seen.head, *seen.spots]).name
    if packing is not Packing.NONE:
        run.warn("compression", f"The file is compressed with {packing}; it was unpacked.")
    if encoding != "utf-8":
        run.warn("encoding", f"The text is {encoding}, not UTF-8; it was converted.")
    shape = shape_of(_decoded(seen.head, encoding), whole=seen.whole)
    if shape.key is not None:
        _tell_list(run, shape.key, shape)
    return JsonSource(
        source.path, packing, member=options.member, encoding=encoding, shape=shape, header=options.header
    )


def _decoded(head: bytes, encoding: str) -> str:
    try:
        return head.decode(encoding, errors="replace")
    except UnicodeError:  # no byte order mark: who reads on says so
        return ""


def _tell_list(run: Run, key: str, shape: Shape) -> None:
    beside = "" if shape.alone else "; what else the object holds was left out"
    run.warn("json_list", f"The rows are those of the list under {shown(key)}{beside}.")


def _unpacked(run: Run, source: Input, options: ReadOptions, packing: Packing) -> Path:
    run.phase("unpack")
    run.warn("compression", f"The file is compressed with {packing}; it was unpacked.")
    path = run.scratch / f"{source.name}.unpacked"
    with Unpacked(source.path, packing, member=options.member) as file, path.open("wb") as out:
        while chunk := file.read(CHUNK):
            out.write(chunk)
            run.progress(bytes_read=file.position)
    return path


_SHOWN = {
    Format.CSV: "delimited text",
    Format.JSON: "JSON",
    Format.PARQUET: "Parquet",
    Format.ARROW: "Arrow",
    Format.AVRO: "Avro",
    Format.EXCEL: "a spreadsheet",
}
