"""A profile: a first look at a sample, one pass over the whole, the result."""

from collections.abc import Mapping, Sequence

from common.errors import ParamsError
from processor.analyses.profile.columns_file import write_columns
from processor.analyses.profile.estimate import scaled
from processor.analyses.profile.overview import duplicate_rows, examples, keys_of
from processor.analyses.profile.params import ProfileParams
from processor.analyses.profile.scan import Counted, count_all, count_part
from processor.analyses.profile.shown import Shown, shown
from processor.kind import Input, Outcome
from processor.reading import Table, read
from processor.run import Run


def analyse(run: Run, inputs: Mapping[str, Input], params: ProfileParams) -> Outcome:
    """Profile the table `inputs["data"]`.

    Raises:
        InputError: the file holds no table that could be read.
        ParamsError: a column that was asked for is not there.
    """
    run.phase("sample")

    def work(table: Table) -> Outcome:
        return _profile(run, table, params)

    return read(run, inputs["data"], params.read_options, work, sample_rows=params.sample_rows)


def _profile(run: Run, table: Table, params: ProfileParams) -> Outcome:
    run.phase("sample")
    names = _chosen(table, params)
    run.partial(_first_light(table, names, params), estimate=True)
    table.prepare()
    run.phase("scan")
    counted = count_all(run, table, names, duplicates=params.duplicates, look=lambda _: None)
    _tell_flaws(run, table, counted)
    run.phase("result")
    columns = [shown(column, params) for column in counted.columns]
    path = run.scratch / "columns.parquet"
    write_columns(path, columns)
    run.artifact("columns.parquet", path, media_type="application/vnd.apache.parquet")
    data = {
        "rows": counted.rows,
        "columns": columns,
        "keys": keys_of(columns),
        "duplicates": duplicate_rows(counted, columns),
        "examples": examples(table.head[list(names)], params.examples),
    }
    return Outcome(summary=_summary(table, counted), data=data, rows={"data": counted.rows})


def _chosen(table: Table, params: ProfileParams) -> Sequence[str]:
    names = table.head.columns
    for number, wanted in enumerate(params.columns or ()):
        if wanted not in names:
            raise ParamsError(
                f"The table has no column {wanted!r}.",
                pointer=f"/params/columns/{number}",
                advice="Names are case-sensitive; leave `columns` out to profile all.",
            )
    return list(dict.fromkeys(params.columns or names))


def _first_light(table: Table, names: Sequence[str], params: ProfileParams) -> Mapping[str, object]:
    """The sample's figures, with counts stretched to the rows that there may be."""
    sample = count_part(table, names, table.sample.frame)
    rows = table.rows_expected if table.rows_expected is not None else sample.rows
    return {"sample_rows": sample.rows, "sample": table.sample.drawn.value} | _stretched(sample, rows, params, "sample")


def _stretched(part: Counted, rows: int, params: ProfileParams, method: str) -> Shown:
    total = max(rows, part.rows)
    factor = total / max(1, part.rows)
    return {"rows": total, "columns": [scaled(shown(column, params), factor, method) for column in part.columns]}


def _tell_flaws(run: Run, table: Table, counted: Counted) -> None:
    if counted.blank:
        run.warn("blank_rows", f"{counted.blank:,} rows without any value (blank lines) were left out.")
    if counted.rows == 0:
        run.warn("no_rows", "The table has columns, but no rows.")
    if table.check_lines is not None and counted.last_nulls:
        table.check_lines()


def _summary(table: Table, counted: Counted) -> Mapping[str, object]:
    cells = counted.rows * len(counted.columns)
    nulls = sum(column.nulls for column in counted.columns)
    return {
        "format": table.format,
        "rows": counted.rows,
        "columns": len(counted.columns),
        "null_share": nulls / cells if cells else 0.0,
    }
