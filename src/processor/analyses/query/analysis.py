"""A query: the tables, a first answer from samples, the whole answer streamed into a file."""

import time
from collections.abc import Mapping
from pathlib import Path

from processor.analyses.query.answer import Answer
from processor.analyses.query.first_light import first_answer
from processor.analyses.query.params import QueryParams
from processor.analyses.query.planning import Statement, plan_text
from processor.analyses.query.scanning import Scanning
from processor.analyses.query.tables import Tables, unreadable, with_tables
from processor.guard.failures import is_of_polars
from processor.kind import Input, Outcome
from processor.run import Run
from processor.writing import write


def analyse(run: Run, inputs: Mapping[str, Input], params: QueryParams) -> Outcome:
    """Answer `params.sql` over the tables of `inputs`.

    Raises:
        InputError: an input holds no table that could be read.
        ParamsError: the SQL is not allowed, or Polars cannot do it.
    """
    run.phase("sample")
    return with_tables(run, inputs, params, lambda tables: _answered(run, inputs, tables, params))


def _answered(run: Run, inputs: Mapping[str, Input], tables: Tables, params: QueryParams) -> Outcome:
    statement = Statement(params.sql, columns={name: table.head.columns for name, table in tables.items()})
    run.phase("sample")
    first = first_answer(statement, tables, preview_rows=params.preview_rows)
    if first is not None:
        run.partial(first, estimate=True)
    for table in tables.values():
        table.prepare()
    run.phase("plan")
    plain = statement.over({name: table.frame for name, table in tables.items()})
    scanning = Scanning(run, tables, plain)
    answer = Answer(statement.over(scanning.frames()), preview_rows=params.preview_rows, max_rows=params.max_rows)
    run.phase("query")
    seconds = _run(run, statement, tables, answer, params)
    run.phase("result")
    data = {
        **answer.data(),
        "plan": statement.as_given(plan_text(plain, paths=_names(run, inputs))),
        "rows_scanned": scanning.rows,
        "rows_per_s": round(scanning.rows / max(seconds, 1e-6)),
    }
    if answer.cut:
        run.warn("rows_cut", f"Only the first {answer.rows:,} rows of the answer were kept, as max_rows asks.")
    summary = {
        "rows": answer.rows,
        "columns": len(answer.schema),
        "format": params.format,
        "seconds": round(seconds, 3),
    }
    return Outcome(summary=summary, data=data, rows=_rows(tables))


def _run(run: Run, statement: Statement, tables: Tables, answer: Answer, params: QueryParams) -> float:
    """Stream the answer into its file; how many seconds that took."""
    form = params.form
    path = run.scratch / form.filename("result")
    started = time.monotonic()
    try:
        written = write(answer.frame(), path, form, scratch=run.scratch)
    except BaseException as error:
        if not is_of_polars(error) and not isinstance(error, OSError):
            raise
        if (fault := unreadable(tables)) is not None:
            raise fault from None
        if isinstance(error, OSError):
            raise
        raise statement.failure(error) from None
    run.artifact(path.name, path, media_type=form.media_type)
    for loss in written.losses:
        run.warn(loss.code, loss.message)
    return time.monotonic() - started


def _names(run: Run, inputs: Mapping[str, Input]) -> Mapping[Path, str]:
    """What stands in the shown plan for a path: the input's name, also for its converted copy."""
    names = {given.path: name for name, given in inputs.items()}
    copies = {run.scratch / f"input-{number}": name for number, name in enumerate(inputs)}
    return {**names, **copies, run.scratch: "scratch"}


def _rows(tables: Tables) -> Mapping[str, int]:
    return {name: table.rows for name, table in tables.items() if table.rows is not None}
