"""Rules that a row keeps or breaks by itself, as two expressions: is it checked, and does it break the rule?

Each row is judged by its own values: an aggregate or a window in an expression of the user is refused by the guard.
"""

from dataclasses import dataclass, replace
from operator import ge, gt, le, lt

import polars as pl

from processor.analyses.validate.columns import Columns, RuleError
from processor.analyses.validate.literals import is_among, is_bounded
from processor.analyses.validate.rules import (
    AnyRule,
    Between,
    Expression,
    InSet,
    Length,
    NotNull,
    Regex,
    RowRule,
    Type,
    ValueRule,
)
from processor.analyses.validate.type_names import is_of_type, misfits
from processor.guard import Condition, guard_condition
from processor.type_words import is_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """`checked` is None where all rows are; `failing` is never null, and false where a row is not checked."""

    checked: pl.Expr | None
    failing: pl.Expr
    shown: tuple[str, ...]


def mask_of(rule: AnyRule, columns: Columns, *, pointer: str) -> Mask | None:
    """The expressions of a rule; None for a rule that is about more than one row.

    Raises:
        RuleError: it cannot be evaluated.
        ParamsError: an expression is refused by the guard.
    """
    chosen = checked_rows(rule, columns, pointer=pointer) if isinstance(rule, RowRule) else None
    checked = chosen.expression if chosen else None
    match rule:
        case NotNull():
            failing, shown = columns.expression(rule.column).is_null(), [rule.column]
        case InSet() | Between() | Regex() | Length() | Type():
            failing = _with_nulls(rule, _broken(rule, columns), columns.expression(rule.column))
            shown = [rule.column]
        case Expression():
            failing, shown = _expression(rule, columns, pointer=pointer)
        case _:
            return None
    return Mask(checked=checked, failing=failing if checked is None else failing & checked, shown=tuple(shown))


def checked_rows(rule: RowRule, columns: Columns, *, pointer: str) -> Condition | None:
    """The rows that the rule's `where` chooses, never null; None for all."""
    if rule.where is None:
        return None
    chosen = guard_condition(rule.where, schema=columns.texts, pointer=f"{pointer}/where")
    return replace(chosen, expression=chosen.expression.fill_null(value=False))


def _expression(rule: Expression, columns: Columns, *, pointer: str) -> tuple[pl.Expr, list[str]]:
    condition = guard_condition(rule.expression, schema=columns.texts, pointer=f"{pointer}/expression")
    return ~condition.expression.fill_null(rule.nulls == "pass"), list(condition.columns)


def _with_nulls(rule: ValueRule, broken: pl.Expr, values: pl.Expr) -> pl.Expr:
    return (broken & values.is_not_null()) if rule.nulls == "pass" else (broken | values.is_null())


def _broken(rule: InSet | Between | Regex | Length | Type, columns: Columns) -> pl.Expr:
    """True where a value that is there breaks the rule; null for what is missing."""
    values, dtype = columns.expression(rule.column), columns.dtype(rule.column)
    plain_type = columns.texts[rule.column]
    match rule:
        case InSet():
            found = is_among(values, rule.values, plain_type)
            return found if rule.negate else ~found
        case Between():
            return _outside(rule, values, plain_type)
        case Regex():
            _check_pattern(rule.pattern)
            found = _text(values, dtype).str.contains(rule.pattern)
            return found if rule.negate else ~found
        case Length():
            length = _text(values, dtype).str.len_chars()
            return (length < rule.min) | (length > rule.max if rule.max is not None else pl.lit(value=False))
        case Type():
            if rule.strict:
                return pl.lit(value=not is_of_type(dtype, rule.type)) & values.is_not_null()
            return misfits(values, dtype, rule.type)


def _outside(rule: Between, values: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    # Asked as "is it inside?" and turned round, and NaN asked for by itself: to Polars NaN is above every number.
    inside = pl.lit(value=True) if not dtype.is_float() else values.is_not_nan()
    if rule.min is not None:
        inside &= is_bounded(values, ge if rule.inclusive in {"both", "min"} else gt, rule.min, dtype)
    if rule.max is not None:
        inside &= is_bounded(values, le if rule.inclusive in {"both", "max"} else lt, rule.max, dtype)
    return ~inside


def _text(values: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if is_text(dtype):
        return values
    raise RuleError(f"The column is {dtype}, not text.")


def _check_pattern(pattern: str) -> None:
    # The engine behind it takes time in proportion to the text, whatever the pattern; its size is bounded here.
    try:
        pl.Series([""]).str.contains(pattern)
    except BaseException as error:
        if not isinstance(error, pl.exceptions.PolarsError) and type(error).__name__ != "PanicException":
            raise
        raise RuleError("The pattern is no regular expression of this engine, or too large.") from None
