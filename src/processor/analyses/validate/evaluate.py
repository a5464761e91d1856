"""Evaluates rules on a table: the pass that they share, then the passes of those about keys.

An expression of the caller may fail on a row that nobody has foreseen (a text that is no number). That must not take
the other rules with it, nor be taken for a fault of the file. So when the shared pass fails, it is repeated without
free text, and each rule with free text gets a pass of its own, which fails alone.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from processor.analyses.validate.checks import Bounds, Check
from processor.analyses.validate.columns import RuleError
from processor.analyses.validate.keyed import Keys
from processor.analyses.validate.prepare import Prepared, found_by, prepare
from processor.analyses.validate.reference import Reference
from processor.analyses.validate.rules import AnyRule, ForeignKey, RowCount, Schema, Unique, columns_of
from processor.analyses.validate.scan import Seen, check_all, check_head
from processor.analyses.validate.verdict import Judged, judged, unjudged
from processor.analyses.validate.whole import compare_schema, count_rows
from processor.guard.failures import is_of_polars
from processor.reading import Table
from processor.reading.blame import failure_alone
from processor.run import Run

_FAILED = "The expression cannot be evaluated on every row: a value does not fit, for example a text that is no number."


class Evaluation:
    """The rules on one table.

    Args:
        bounds: how much is kept of each rule.
        now: what freshness is measured against.
        reference: the table that foreign keys lead to, by a function that reads it; None where there is none.
    """

    def __init__(
        self,
        run: Run,
        table: Table,
        rules: Sequence[AnyRule],
        *,
        bounds: Bounds,
        now: datetime,
        reference: Reference | None,
    ) -> None:
        self._run = run
        self._table = table
        self._rules = rules
        self._bounds = bounds
        self._now = now
        self._reference = reference
        self.seen = Seen()
        self._is_readable = False  # not yet known to be

    def of_head(self) -> list[Judged]:
        """An estimate: the first rows alone, without the rules about keys and about the number of rows."""
        prepared = [one for one in self._prepared() if one.check is not None or one.error is not None]
        self._pass(prepared, lambda checked: check_head(self._table, _checks(checked)))
        return [self._judged(one) for one in prepared]

    def of_all(self) -> list[Judged]:
        """Every row."""
        prepared = self._prepared()
        self._run.phase("scan")
        self.seen = self._pass(prepared, lambda checked: check_all(self._run, self._table, _checks(checked)))
        self._look_up_keys(prepared)
        return [self._judged(one) for one in prepared]

    def _prepared(self) -> list[Prepared]:
        return prepare(self._rules, self._table.head, bounds=self._bounds)

    def _pass(self, prepared: Sequence[Prepared], check: Callable[[Sequence[Prepared]], Seen]) -> Seen:
        try:
            return check(prepared)
        except BaseException as error:
            free = [one for one in prepared if one.is_free_text and one.check is not None]
            if not free or not is_of_polars(error):
                raise
        self._renew(prepared)
        seen = check([one for one in prepared if one not in free])
        for one in free:
            self._alone(one, check)
        return seen

    def _alone(self, one: Prepared, check: Callable[[Sequence[Prepared]], Seen]) -> None:
        try:
            check([one])
        except BaseException as error:
            if not is_of_polars(error):
                raise
            if (cause := self._fault_of_the_file()) is not None:
                raise cause from None
            one.error, one.check = _FAILED, None

    def _fault_of_the_file(self) -> BaseException | None:
        if not self._is_readable:
            if (cause := failure_alone(self._table)) is not None:
                return cause
            self._is_readable = True
        return None

    def _renew(self, prepared: Sequence[Prepared]) -> None:
        """Forget what was counted so far."""
        fresh: Mapping[int, Prepared] = {one.number: one for one in self._prepared()}
        for one in prepared:
            one.check = fresh[one.number].check

    def _look_up_keys(self, prepared: Sequence[Prepared]) -> None:
        keyed = [one for one in prepared if isinstance(one.rule, (Unique, ForeignKey)) and one.error is None]
        if not keyed:
            return
        self._run.phase("keys")
        names = {name for one in keyed for name in _needed(one)}
        keys = Keys(self._run, self._table, names=names, rows=self.seen.rows, bounds=self._bounds)
        for one in keyed:
            try:
                self._look_up(keys, one)
            except RuleError as error:
                one.error = str(error)
            except BaseException as error:
                # The file was read once from end to end, so it is the row filter that fails.
                if one.where is None or not is_of_polars(error):
                    raise
                one.error = _FAILED

    def _look_up(self, keys: Keys, one: Prepared) -> None:
        match one.rule:
            case Unique():
                one.found = keys.repeated(one.rule, one.where)
            case ForeignKey():
                if self._reference is None:
                    raise RuleError("The task has no input `reference` to find keys in.")
                rows = self._reference.rows
                one.found = keys.orphans(one.rule, one.where, self._reference.frame, rows=rows)

    def _judged(self, one: Prepared) -> Judged:
        if one.error is not None:
            return unjudged(one.number, one.rule, one.error)
        found = found_by(one, now=self._now)
        try:
            match one.rule:
                case Schema():
                    found = compare_schema(one.rule, self._table.head.schema)
                case RowCount():
                    found = count_rows(one.rule, self.seen.rows)
        except RuleError as error:
            return unjudged(one.number, one.rule, str(error))
        # A rule that no pass has looked at is never passed.
        return (
            judged(one.number, one.rule, found)
            if found is not None
            else unjudged(one.number, one.rule, "It was not evaluated.")
        )


def _needed(one: Prepared) -> list[str]:
    """The columns of a rule about keys, and those of its filter."""
    return [*columns_of(one.rule), *one.looked_at]


def _checks(prepared: Sequence[Prepared]) -> list[Check]:
    return [one.check for one in prepared if one.check is not None]
