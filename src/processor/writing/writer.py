"""Writes a table into a file, in one streaming pass wherever the format allows it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import polars as pl

from common.errors import InputError
from processor.writing.avro import AvroWriter
from processor.writing.excel import ExcelWriter
from processor.writing.fit import fit
from processor.writing.form import Form
from processor.writing.formats import Compression
from processor.writing.formulas import defused
from processor.writing.losses import Loss, losses_of
from processor.writing.witness import Witness

BATCH_ROWS: Final = 1 << 16
_PLAIN: Final = "uncompressed"
_SEPARATORS: Final = MappingProxyType({"csv": ",", "tsv": "\t"})

Target = Path | pl.PartitionBy


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written: the number of rows, and what the file does not say any more."""

    rows: int
    losses: tuple[Loss, ...]


def write(
    frame: pl.LazyFrame, target: Target, form: Form, *, scratch: Path, seen: Callable[[int], None] = lambda _: None
) -> Written:
    """Write `frame`, its rows in their order.

    Args:
        frame: the table.
        target: the file; or, for Parquet, CSV, TSV, NDJSON and Arrow, how to part it into several.
        form: what to write.
        scratch: folder for what is not written yet.
        seen: called now and then with the number of rows so far.

    Raises:
        InputError: the table has more than the format holds.
    """
    schema = frame.collect_schema()
    defuse = _defuses(form)
    witness = Witness(form.format, defuse=defuse, csv=form.csv, seen=seen)
    table = fit(frame.map_batches(witness.look, streamable=True, schema=schema), schema, form.format, defuse=defuse)
    table = table.rename(names_in_file(schema.names(), form))
    late: list[Loss] = []
    match form.format:
        case "json":
            _write_json(table, _file(target))
        case "avro":
            _write_avro(table, _file(target), form.compression)
        case "xlsx":
            late = _write_excel(table, _file(target), names=schema.names(), scratch=scratch)
        case _:
            _sink(table, target, form)
    return Written(rows=witness.rows, losses=(*losses_of(schema, form.format), *witness.losses(), *late))


def _sink(table: pl.LazyFrame, target: Target, form: Form) -> None:
    codec: Any = _PLAIN if form.compression == "none" else form.compression
    match form.format:
        case "parquet":
            table.sink_parquet(target, compression=codec, mkdir=True)
        case "arrow":
            table.sink_ipc(target, compression=codec, mkdir=True)
        case "ndjson":
            table.sink_ndjson(target, compression=codec, check_extension=False, mkdir=True)
        case _:
            table.sink_csv(
                target,
                separator=form.csv.delimiter or _SEPARATORS[form.format],
                include_header=form.csv.header,
                include_bom=form.csv.bom,
                decimal_comma=form.csv.decimal_comma,
                null_value=form.csv.null_value,
                compression=codec,
                check_extension=False,
                mkdir=True,
            )


def _write_json(table: pl.LazyFrame, path: Path) -> None:
    """An array, one object a line."""
    with path.open("wb") as file:
        is_first = True

        def append(batch: pl.DataFrame) -> None:
            nonlocal is_first
            lines = batch.write_ndjson().encode().removesuffix(b"\n")
            if lines:
                file.write(b"[\n" if is_first else b",\n")
                file.write(lines.replace(b"\n", b",\n"))  # within a line JSON writes it as \n
                is_first = False

        table.sink_batches(append, chunk_size=BATCH_ROWS)
        file.write(b"[]\n" if is_first else b"\n]\n")


def _write_avro(table: pl.LazyFrame, path: Path, compression: Compression) -> None:
    codec: Any = _PLAIN if compression == "none" else compression
    with path.open("wb") as file:
        writer = AvroWriter(file, codec=codec)
        table.sink_batches(writer.write, chunk_size=BATCH_ROWS)
        writer.close(table.collect_schema())


def _write_excel(table: pl.LazyFrame, path: Path, *, names: list[str], scratch: Path) -> list[Loss]:
    writer = ExcelWriter(path, names=names, scratch=scratch)
    try:
        table.sink_batches(writer.write, chunk_size=BATCH_ROWS)
    finally:
        writer.close()
    return writer.losses()


def _file(target: Target) -> Path:
    if isinstance(target, Path):
        return target
    raise InputError("This format is written as one file.", advice="Leave `partition_by` out.")


def _defuses(form: Form) -> bool:
    return form.escape_formulas and form.format in _SEPARATORS


def names_in_file(names: list[str], form: Form) -> Mapping[str, str]:
    """New names for columns whose names a spreadsheet would compute; nothing where they stay."""
    return _harmless(names) if _defuses(form) else {}


def _harmless(names: list[str]) -> Mapping[str, str]:
    shown = pl.DataFrame({"name": names}, schema={"name": pl.String}).select(defused(pl.col("name"))).to_series()
    taken, found = set(names), {}
    for name, other in zip(names, shown, strict=True):
        if name != other:
            while other in taken:
                other = f"'{other}"  # noqa: PLW2901 - one more, until no other column has the name
            taken.add(other)
            found[name] = other
    return found
