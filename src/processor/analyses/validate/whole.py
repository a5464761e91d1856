"""Rules about the table as a whole: its columns, its number of rows, its newest value."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import polars as pl

from processor.analyses.validate.checks import Found
from processor.analyses.validate.columns import Columns, RuleError
from processor.analyses.validate.params import aware
from processor.analyses.validate.rules import Freshness, RowCount, Schema
from processor.analyses.validate.type_names import check_name, is_of_type
from processor.reading.names import shown

_MOST = 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PER_SECOND = {"ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


def compare_schema(rule: Schema, schema: pl.Schema) -> Found:
    """The wanted columns against those that are there.

    Raises:
        RuleError: a wanted type is none.
    """
    faults = []
    for wanted in rule.columns:
        if wanted.type is not None:
            check_name(wanted.type)
        if wanted.name not in schema:
            faults.append(f"{shown(wanted.name)} is missing")
        elif wanted.type is not None and not is_of_type(schema[wanted.name], wanted.type):
            faults.append(f"{shown(wanted.name)} is {schema[wanted.name]}, not {wanted.type}")
    names = [column.name for column in rule.columns]
    surplus = [name for name in schema if name not in set(names)]
    if not rule.extra:
        faults += [f"{shown(name)} is not wanted" for name in surplus]
    if rule.order and [name for name in schema if name in set(names)] != [name for name in names if name in schema]:
        faults.append("the columns come in another order")
    return Found(broken=bool(faults), observed={"message": _sentence(faults), "differences": faults[:_MOST]})


def _sentence(faults: Sequence[str]) -> str:
    if not faults:
        return "The columns are as wanted."
    more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
    return f"The columns differ: {'; '.join(faults[:3])}{more}."


def count_rows(rule: RowCount, rows: int) -> Found:
    """The number of rows against its bounds."""
    broken = rows < rule.min or (rule.max is not None and rows > rule.max)
    wanted = f"at least {rule.min:,}" + (f" and at most {rule.max:,}" if rule.max is not None else "")
    return Found(broken=broken, observed={"message": f"There are {rows:,} rows; wanted: {wanted}.", "rows": rows})


def check_times(rule: Freshness, columns: Columns) -> None:
    """Pass if the column holds times that have an age.

    Raises:
        RuleError: it does not.
    """
    dtype = columns.dtype(rule.column)
    if dtype not in (pl.Date, pl.Datetime):
        raise RuleError(f"The column is {dtype}, not dates or times.")


def age(rule: Freshness, newest: pl.Series, *, now: datetime, observed: dict[str, object]) -> Found:
    """The age of the newest value; a date counts from its end, a time without a zone as UTC.

    Args:
        rule: says how old it may be.
        now: a time with a zone.
        newest: the value, or nothing where there is none.
        observed: what the pass has noted of it.
    """
    now = aware(rule.now) if rule.now else now
    shown_now = now.isoformat()
    if not newest.len():
        return Found(broken=True, observed={"message": "There is no value.", "newest": None, "now": shown_now})
    age_s = max(0, (now - _EPOCH) // _MICROSECOND - _moment(newest)) / 1e6
    message = f"The newest value is {age_s:,.0f} s old; it may be {rule.max_age_s:,.0f} s."
    return Found(
        broken=age_s > rule.max_age_s, observed={**observed, "message": message, "age_s": age_s, "now": shown_now}
    )


def _moment(newest: pl.Series) -> int:
    """Microseconds from 1970 to a time, or to the end of a day. Python's own times end with the year 9999."""
    count = int(newest.to_physical().item())
    if isinstance(newest.dtype, pl.Datetime):
        return count * 1_000_000 // _PER_SECOND[newest.dtype.time_unit]
    return (count + 1) * (timedelta(days=1) // _MICROSECOND) - 1
