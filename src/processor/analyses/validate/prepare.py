"""From rules to what evaluates them on one table; a rule that cannot be evaluated is found out here if it can be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from common.errors import ParamsError
from processor.analyses.validate.checks import Bounds, Check, Found, MaskCheck, NewestCheck, OrderCheck
from processor.analyses.validate.columns import Columns, RuleError
from processor.analyses.validate.masks import checked_rows, mask_of
from processor.analyses.validate.rules import AnyRule, Expression, ForeignKey, Freshness, Monotonic, RowRule, Unique
from processor.analyses.validate.whole import age, check_times


@dataclass(slots=True, kw_only=True)
class Prepared:
    """One rule, ready to be evaluated.

    Attributes:
        number: its place among the rules.
        check: its part in the pass over the table; None where it has none.
        where: rows that a rule about keys is about; None for all.
        looked_at: the columns that `where` looks at.
        error: why it cannot be evaluated; None as long as it can.
        found: of a rule with passes of its own, what these found.
    """

    number: int
    rule: AnyRule
    check: Check | None = None
    where: pl.Expr | None = None
    looked_at: tuple[str, ...] = ()
    error: str | None = None
    found: Found | None = None

    @property
    def is_free_text(self) -> bool:
        """True where a text of the caller is evaluated, which may fail on any row."""
        return isinstance(self.rule, Expression) or (isinstance(self.rule, RowRule) and self.rule.where is not None)


def prepare(rules: Sequence[AnyRule], head: pl.DataFrame, *, bounds: Bounds) -> list[Prepared]:
    """Make all rules ready for a table that begins with `head`."""
    columns = Columns(head.schema)
    return [_prepared(number, rule, columns, bounds) for number, rule in enumerate(rules)]


def _prepared(number: int, rule: AnyRule, columns: Columns, bounds: Bounds) -> Prepared:
    prepared = Prepared(number=number, rule=rule)
    pointer = f"/params/rules/{number}"
    try:
        if isinstance(rule, (Unique, ForeignKey)):
            columns.expressions(rule.columns)
            if (chosen := checked_rows(rule, columns, pointer=pointer)) is not None:
                prepared.where, prepared.looked_at = chosen.expression, chosen.columns
        else:
            prepared.check = _check(number, rule, columns, bounds, pointer)
    except RuleError as error:
        prepared.error = str(error)
    except ParamsError as error:
        prepared.error = " ".join(filter(None, [error.message, error.advice]))
    return prepared


def _check(number: int, rule: AnyRule, columns: Columns, bounds: Bounds, pointer: str) -> Check | None:
    match rule:
        case Monotonic():
            if columns.dtype(rule.column).is_nested():
                raise RuleError(f"The column is {columns.dtype(rule.column)}, which has no order.")
            chosen = checked_rows(rule, columns, pointer=pointer)
            where = chosen.expression if chosen else None
            return OrderCheck(rule, where, number=number, columns=columns, bounds=bounds)
        case Freshness():
            check_times(rule, columns)
            return NewestCheck(rule, columns=columns)
    mask = mask_of(rule, columns, pointer=pointer)
    return None if mask is None else MaskCheck(mask, number=number, columns=columns, bounds=bounds)


def found_by(prepared: Prepared, *, now: datetime) -> Found | None:
    """What the pass, or a pass of its own, found of a rule; None for a rule that needed neither."""
    check = prepared.check
    if isinstance(check, NewestCheck) and isinstance(prepared.rule, Freshness):
        return age(prepared.rule, check.newest, now=now, observed=check.found.observed)
    return check.found if check is not None else prepared.found
