"""A validation: a first look at the sample, one pass over the whole, keys, the result and its artifacts."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from processor.analyses.validate.badge import write_badge
from processor.analyses.validate.checks import Bounds
from processor.analyses.validate.evaluate import Evaluation
from processor.analyses.validate.facts import gather
from processor.analyses.validate.failing_rows import write_failing_rows
from processor.analyses.validate.junit import write_junit
from processor.analyses.validate.params import ValidateParams
from processor.analyses.validate.reference import Reference, read_reference
from processor.analyses.validate.rules import AnyRule, ForeignKey
from processor.analyses.validate.suggest import candidates
from processor.analyses.validate.verdict import Judged, Status, counts, verdict
from processor.kind import Input, Outcome
from processor.reading import Table, read
from processor.run import Run


def analyse(run: Run, inputs: Mapping[str, Input], params: ValidateParams) -> Outcome:
    """Check the table `inputs["data"]`, with keys looked up in `inputs["reference"]`.

    Raises:
        InputError: a file holds no table that could be read.
    """
    now = params.now_or(datetime.now(UTC))
    reference = None
    if "reference" in inputs and any(isinstance(rule, ForeignKey) for rule in params.rules):
        reference = read_reference(run, inputs["reference"], params)

    def work(table: Table) -> Outcome:
        return _Validation(run, table, params, now=now, reference=reference, suite=inputs["data"].filename).outcome()

    run.phase("sample")
    return read(run, inputs["data"], params.read_options, work)


class _Validation:
    def __init__(
        self, run: Run, table: Table, params: ValidateParams, *, now: datetime, reference: Reference | None, suite: str
    ) -> None:
        self._run = run
        self._table = table
        self._params = params
        self._now = now
        self._reference = reference
        self._suite = suite

    def outcome(self) -> Outcome:
        self._run.phase("sample")
        self._tell_estimate()
        self._table.prepare()
        evaluation = self._evaluation(self._params.rules)
        rules = evaluation.of_all()
        suggested = self._suggested() if self._params.suggest else None
        rows = evaluation.seen.rows
        self._tell_flaws(rules, rows=rows)
        found = self._verdict(rules)
        self._run.phase("result")
        kept = self._keep(rules, found)
        data = {**self._data(rules, found, rows=rows), "failing_rows_kept": kept}
        if suggested is not None:
            data["suggested"] = suggested
        read_rows = {"data": rows} | ({"reference": self._reference.rows} if self._reference else {})
        return Outcome(summary=self._summary(found, rules, rows), data=data, rows=read_rows)

    def _evaluation(self, rules: Sequence[AnyRule]) -> Evaluation:
        bounds = Bounds(examples=self._params.examples, rows=self._params.failing_rows)
        return Evaluation(self._run, self._table, rules, bounds=bounds, now=self._now, reference=self._reference)

    def _tell_estimate(self) -> None:
        rules = self._evaluation(self._params.rules).of_head()
        # No verdict yet: rows that nobody has looked at may break any rule.
        data = self._data(rules, None, rows=self._table.rows_expected or self._table.head.height)
        self._run.partial({**data, "sample_rows": self._table.head.height}, estimate=True)

    def _verdict(self, rules: Sequence[Judged]) -> Status | None:
        # Rows that could not be read were not looked at.
        return Status.ERROR if rules and self._table.flaws.unread else verdict(rules)

    def _data(self, rules: Sequence[Judged], found: Status | None, *, rows: int) -> dict[str, object]:
        return {
            "verdict": found.value if found else None,
            "rows": rows,
            "now": self._now.isoformat(),
            "counts": counts(rules),
            "rules": [rule.as_json() for rule in rules],
        }

    def _summary(self, found: Status | None, rules: Sequence[Judged], rows: int) -> Mapping[str, object]:
        counted = {status: count for status, count in counts(rules).items() if count}
        verdict_ = found.value if found else None
        return {"verdict": verdict_, "rules": len(rules), **counted, "rows": rows, **self._table.flaws.as_json()}

    def _tell_flaws(self, rules: Sequence[Judged], *, rows: int) -> None:
        if rows == 0:
            self._run.warn("no_rows", "The table has columns, but no rows.")
        for rule in rules:
            if rule.status is not Status.ERROR and rows and rule.found.broken is None and not rule.found.checked:
                self._run.warn("nothing_checked", f"Rule {rule.number} found no row to check.")

    def _suggested(self) -> list[dict[str, object]]:
        self._run.phase("suggest")
        facts = gather(self._table, lambda rows: self._run.progress(rows=rows))
        rules = candidates(facts, self._table.head)
        bounds = Bounds(examples=0, rows=0)
        checked = Evaluation(self._run, self._table, rules, bounds=bounds, now=self._now, reference=None).of_all()
        holding = [one.rule for one in checked if one.status is Status.PASSED]
        return [rule.model_dump(mode="json", exclude_defaults=True) | {"rule": rule.rule} for rule in holding]

    def _keep(self, rules: Sequence[Judged], found: Status | None) -> int:
        """Write the artifacts; gives back how many failing rows are among them."""
        junit, badge = self._run.scratch / "junit.xml", self._run.scratch / "badge.svg"
        write_junit(junit, rules, suite=self._suite, now=self._now)
        self._run.artifact("junit.xml", junit, media_type="application/xml")
        write_badge(badge, found, counts(rules))
        self._run.artifact("badge.svg", badge, media_type="image/svg+xml")
        path = self._run.scratch / "failing_rows.parquet"
        most = self._params.failing_rows
        kept = write_failing_rows(path, self._table, rules, most=most) if most else 0
        if kept:
            self._run.artifact("failing_rows.parquet", path, media_type="application/vnd.apache.parquet")
        return kept
