"""A profile: a first look at a sample, one pass over the whole, the result."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from common.errors import ParamsError
from processor.analyses.profile.alerts import alerts
from processor.analyses.profile.columns_file import write_columns
from processor.analyses.profile.correlations import correlations
from processor.analyses.profile.estimate import scaled
from processor.analyses.profile.look import look
from processor.analyses.profile.missing import missing
from processor.analyses.profile.overview import duplicate_rows, examples, heavy_tailed, keys_of, quality
from processor.analyses.profile.pace import Pace
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
    began = time.monotonic()
    run.partial(_first_light(table, names, params), estimate=True)
    took = time.monotonic() - began
    table.prepare()
    run.phase("scan")
    counted = _counted(run, table, names, params, took)
    _tell_flaws(run, table, counted)
    run.phase("result")
    data = _data(run, table, counted, params)
    path = run.scratch / "columns.parquet"
    write_columns(path, data["columns"])
    run.artifact("columns.parquet", path, media_type="application/vnd.apache.parquet")
    return Outcome(summary=_summary(table, data), data=data, rows={"data": counted.rows})


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
    part = count_part(table, names, table.sample.frame)
    method = f"sample ({table.sample.drawn.value})"
    return {"sample_rows": part.rows, "method": method} | _stretched(table, part, params, method)


def _counted(run: Run, table: Table, names: Sequence[str], params: ProfileParams, took: float) -> Counted:
    """The pass over all rows, which now and then shows what it has seen so far."""

    def show(part: Counted) -> None:
        method = "rows so far"
        known = {"sample_rows": part.rows, "method": method}
        run.partial(known | _stretched(table, part, params, method), estimate=True)

    pace = Pace(expected_s=took)
    return count_all(
        run,
        table,
        names,
        duplicates=params.duplicates,
        look=lambda part: pace.look(lambda: show(part)) if params.running else None,
    )


def _stretched(table: Table, part: Counted, params: ProfileParams, method: str) -> Shown:
    total = max(table.rows_expected or 0, part.rows)
    factor = total / max(1, part.rows)
    return {"rows": total, "columns": [scaled(shown(column, params), factor, method) for column in part.columns]}


def _data(run: Run, table: Table, counted: Counted, params: ProfileParams) -> dict[str, Any]:
    """The result; the columns are shown as soon as they are exact, before what takes a closer look at them."""
    columns = [shown(column, params) for column in counted.columns]
    data: dict[str, Any] = {"rows": counted.rows, "columns": columns}
    run.partial(dict(data), estimate=False)
    if params.patterns:
        run.phase("meanings")
        sample = counted.sample.rows
        data["columns"] = [one | look(column, sample) for one, column in zip(columns, counted.columns, strict=True)]
    data |= {
        "keys": keys_of(columns),
        "duplicates": duplicate_rows(counted, columns),
        "examples": examples(table.head[list(counted.names)], params.examples),
    }
    if params.correlations:
        run.phase("correlations")
        data |= {
            "correlations": correlations(counted.sample, heavy_tailed(columns)),
            "missing": missing(counted.sample),
        }
    data["alerts"] = alerts(data, params.thresholds)
    data["quality"] = quality(data)
    return data


def _tell_flaws(run: Run, table: Table, counted: Counted) -> None:
    if counted.blank:
        run.warn("blank_rows", f"{counted.blank:,} rows without any value (blank lines) were left out.")
    if counted.rows == 0:
        run.warn("no_rows", "The table has columns, but no rows.")
    if table.check_lines is not None and counted.last_nulls:
        table.check_lines()


def _summary(table: Table, data: Mapping[str, Any]) -> Mapping[str, object]:
    completeness = data["quality"]["completeness"]
    duplicates = data["duplicates"]
    return {
        "format": table.format,
        "rows": data["rows"],
        "columns": len(data["columns"]),
        "null_share": 0.0 if completeness is None else 1 - completeness,
        "duplicate_rows": duplicates["rows"] if duplicates else None,
        "personal_columns": data["quality"]["personal_columns"],
        "alerts": len(data["alerts"]),
        **table.flaws.as_json(),
    }
