"""A conversion: read, change, write in one pass where the steps allow it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from time import perf_counter

import polars as pl

from common.errors import ParamsError
from processor.analyses.cells import shown_cells
from processor.analyses.convert.casting import Casting
from processor.analyses.convert.changes import zones_dropped
from processor.analyses.convert.params import ConvertParams
from processor.analyses.convert.parting import archived, by_keys, check_parts
from processor.analyses.convert.steps import check_names, shaped
from processor.analyses.convert.types import type_named
from processor.guard import explain_failure
from processor.guard.failures import is_of_polars
from processor.kind import Input, Outcome
from processor.reading import Table, read
from processor.reading.blame import failure_alone
from processor.run import Run
from processor.writing import Form, Written, names_in_file, write

STEM = "data"
FIRST_ROWS = 10


def analyse(run: Run, inputs: Mapping[str, Input], params: ConvertParams) -> Outcome:
    """Convert the table `inputs["data"]`.

    Raises:
        InputError: the file holds no table that could be read, or one that the format cannot hold.
        ParamsError: a column is not there, a value cannot be cast, the filter is no expression.
    """
    run.phase("look")

    def work(table: Table) -> Outcome:
        return _convert(run, table, params)

    return read(run, inputs["data"], params.read_options, work)


def _convert(run: Run, table: Table, params: ConvertParams) -> Outcome:
    form = params.form
    wanted = _wanted(params)
    check_names(params, table.head.columns)
    _show_first_rows(run, table, params, wanted)
    table.prepare()
    if params.partition_by:
        _check_parts(run, table, params, wanted)
    run.phase("convert")
    schema = table.frame.collect_schema()
    casting = Casting(schema, wanted, errors=params.cast_errors)
    reading = _Reading(run, table)
    counted = table.frame.map_batches(reading.see, streamable=True, schema=schema)
    frame = shaped(casting.applied(counted), params, schema.names())
    began = perf_counter()
    with _explaining_filter(params, schema.names(), table), casting.explaining():
        file = _write(run, frame, params, form)
    reading.finish()
    _tell(run, casting, file.written, zones_dropped(schema, wanted))
    run.artifact(file.path.name, file.path, media_type="application/zip" if file.is_archive else form.media_type)
    columns = [
        {"name": name, "dtype": str(dtype), "from": before}
        for (name, dtype), before in zip(frame.collect_schema().items(), _before(params, schema), strict=True)
    ]
    took = max(perf_counter() - began, 1e-6)
    data = {
        "format": params.format,
        "compression": form.compression,
        "file": file.path.name,
        "files": file.count,
        "bytes": file.path.stat().st_size,
        "rows_read": reading.rows,
        "rows": file.written.rows,
        "rows_per_s": round(reading.rows / took),
        "values_not_cast": dict(casting.lost),
        "values_changed": dict(casting.changed),
        "columns": columns,
    }
    shown = ("format", "rows", "bytes")
    summary = {key: data[key] for key in shown} | {"columns": len(columns), **table.flaws.as_json()}
    return Outcome(summary=summary, data=data, rows={"data": reading.rows})


def _before(params: ConvertParams, schema: pl.Schema) -> list[str]:
    """The types that the written columns have in the file."""
    return [str(schema[name]) for name in params.columns or schema.names()]


def _show_first_rows(run: Run, table: Table, params: ConvertParams, wanted: Mapping[str, pl.DataType]) -> None:
    """The first light: what becomes of the first rows. What is wrong with a filter shows here, before the long part."""
    head = table.head.lazy()
    names = table.head.columns
    casting = Casting(table.head.schema, wanted, errors="null")
    with _explaining_filter(params, names), casting.explaining():
        made = shaped(casting.applied(head), params, names).head(FIRST_ROWS).collect()
    rows = [list(row) for row in zip(*(shown_cells(column) for column in made.get_columns()), strict=True)]
    columns = [{"name": name, "dtype": str(dtype)} for name, dtype in made.schema.items()]
    run.partial({"columns": columns, "first_rows": rows}, estimate=True)


@contextmanager
def _explaining_filter(params: ConvertParams, names: list[str], table: Table | None = None) -> Iterator[None]:
    """Raise what Polars says of the filter as an error of that parameter, unless it is the fault of the table's file.

    Without a table what is filtered is in memory already.
    """
    try:
        yield
    except BaseException as error:
        if params.filter is None or not is_of_polars(error):
            raise
        if table is not None and (cause := failure_alone(table)) is not None:
            raise cause from None
        raise explain_failure(error, text=params.filter, known=names, pointer="/params/filter") from None


def _tell(run: Run, casting: Casting, written: Written, zoneless: Sequence[str]) -> None:
    for name, count in casting.lost.items():
        run.warn("values_not_cast", f"{count:,} values of column {name[:80]!r} could not be cast and are missing.")
    for name, count in casting.changed.items():
        run.warn("values_changed", f"{count:,} values of column {name[:80]!r} are not the same in the new type.")
    for name in zoneless:
        run.warn("zones_dropped", f"The times of column {name[:80]!r} lost their zone by the cast, and are UTC.")
    for loss in written.losses:
        run.warn(loss.code, loss.message)


def _wanted(params: ConvertParams) -> dict[str, pl.DataType]:
    wanted = {name: type_named(word) for name, word in params.cast.items()}
    for name, dtype in wanted.items():
        if dtype is None:
            raise ParamsError(
                "A decimal has at most 38 digits, and no more of them behind the point than in all.",
                pointer=f"/params/cast/{name[:80]}",
                advice="Write decimal(precision,scale), as in decimal(12,2).",
            )
    return {name: dtype for name, dtype in wanted.items() if dtype is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """What was made of the table: one file, or an archive of `count`."""

    path: Path
    written: Written
    count: int = 1
    is_archive: bool = False


def _write(run: Run, frame: pl.LazyFrame, params: ConvertParams, form: Form) -> _File:
    if not params.partition_by:
        path = run.scratch / form.filename(STEM)
        return _File(path=path, written=write(frame, path, form, scratch=run.scratch))
    keys = _keys(params)
    folder, path = run.scratch / STEM, run.scratch / f"{STEM}.zip"
    renamed = names_in_file(frame.collect_schema().names(), form)
    target = by_keys(folder, [renamed.get(key, key) for key in keys])
    written = write(frame, target, form, scratch=run.scratch)
    return _File(path=path, written=written, count=archived(folder, path), is_archive=True)


def _keys(params: ConvertParams) -> list[str]:
    return [params.rename.get(name, name) for name in params.partition_by]


def _check_parts(run: Run, table: Table, params: ConvertParams, wanted: Mapping[str, pl.DataType]) -> None:
    """Look at the keys in a pass of their own, which counts nothing of what the one that writes counts."""
    run.phase("parts")
    schema = table.frame.collect_schema()
    casting = Casting(schema, wanted, errors=params.cast_errors)
    frame = shaped(casting.applied(table.frame), params, schema.names())
    with _explaining_filter(params, schema.names(), table), casting.explaining():
        check_parts(frame, _keys(params))


class _Reading:
    """Counts the rows that are read, and tells the progress."""

    def __init__(self, run: Run, table: Table) -> None:
        self.rows = 0
        self._run = run
        self._table = table
        self._lock = Lock()

    def see(self, batch: pl.DataFrame) -> pl.DataFrame:
        with self._lock:
            self.rows += batch.height
            rows = self.rows
        total = self._table.rows_expected
        if total is None:
            self._run.progress(rows=rows)
        else:
            share = rows / max(total, rows, 1)
            self._run.progress(rows=rows, rows_total=max(total, rows), bytes_read=round(self._table.bytes * share))
        return batch

    def finish(self) -> None:
        self._run.progress(rows=self.rows, rows_total=self.rows, bytes_read=self._table.bytes)
