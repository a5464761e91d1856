"""A profile: a first look at a sample, one pass over the whole, the result."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from common.errors import ParamsError
from processor.analyses.profile.alerts import alerts
from processor.analyses.profile.columns_file import write_columns
from processor.analyses.profile.correlations import correlations
from processor.analyses.profile.estimate import scaled
from processor.analyses.profile.look import looked_at
from processor.analyses.profile.missing import missing
from processor.analyses.profile.overview import duplicate_rows, examples, heavy_tailed, keys_of, quality
from processor.analyses.profile.pace import Pace
from processor.analyses.profile.params import ProfileParams
from processor.analyses.profile.portions import tell_columns
from processor.analyses.profile.scan import Counted, count_all, count_part, sample_of
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
    _first_light(run, table, names, params)
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


def _first_light(run: Run, table: Table, names: Sequence[str], params: ProfileParams) -> None:
    """Tell the sample's figures, with counts stretched to the rows that there may be, as soon as they are there."""
    rows, method = sample_of(table, names), f"sample ({table.sample.drawn.value})"
    total = max(table.rows_expected or 0, rows.height)
    known = {"rows": total, "sample_rows": rows.height, "method": method}

    def columns(some: Sequence[str]) -> list[Shown]:
        return _stretched(count_part(table, some, rows), total, params, method)

    tell_columns(run, names, columns, known=known, estimate=True)


def _counted(run: Run, table: Table, names: Sequence[str], params: ProfileParams, took: float) -> Counted:
    """The pass over all rows, which now and then shows what it has seen so far."""

    def show(part: Counted) -> None:
        method = "rows so far"
        total = max(table.rows_expected or 0, part.rows)
        known = {"rows": total, "sample_rows": part.rows, "method": method}
        tell_columns(
            run,
            part.columns,
            lambda some: _stretched(replace(part, columns=some), total, params, method),
            known=known,
            estimate=True,
        )

    pace = Pace(expected_s=took)
    return count_all(
        run,
        table,
        names,
        duplicates=params.duplicates,
        look=lambda part: pace.look(lambda: show(part)) if params.running else None,
    )


def _stretched(part: Counted, total: int, params: ProfileParams, method: str) -> list[Shown]:
    factor = total / max(1, part.rows)
    return [scaled(shown(column, params), factor, method) for column in part.columns]


def _data(run: Run, table: Table, counted: Counted, params: ProfileParams) -> dict[str, Any]:
    """The result; columns are shown as soon as they are exact, before what takes a closer look at them."""
    columns = tell_columns(
        run,
        counted.columns,
        lambda some: [shown(column, params) for column in some],
        known={"rows": counted.rows},
        estimate=False,
    )
    data: dict[str, Any] = {"rows": counted.rows, "columns": columns}
    if params.patterns:
        run.phase("meanings")
        sample = counted.sample.rows
        data["columns"] = [looked_at(one, column, sample) for one, column in zip(columns, counted.columns, strict=True)]
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
