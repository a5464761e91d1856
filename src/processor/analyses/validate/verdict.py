"""From what was found to what the result says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from processor.analyses.validate.checks import Found
from processor.analyses.validate.rules import AnyRule, RowRule, columns_of, name_of

_LONGEST = 300


class Status(StrEnum):
    """How a rule came out; in ascending order of trouble."""

    PASSED = "passed"
    NOTED = "noted"  # does not hold, but is only for information
    WARNED = "warned"
    FAILED = "failed"
    ERROR = "error"  # could not be evaluated


_BROKEN = {"error": Status.FAILED, "warning": Status.WARNED, "info": Status.NOTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One rule with what was found of it, or why nothing could be.

    Attributes:
        number: its place among the rules asked for, from 0.
        message: one sentence for a person; quotes no data.
    """

    number: int
    rule: AnyRule
    found: Found
    status: Status
    message: str

    def as_json(self) -> dict[str, object]:
        """The rule as the result shows it."""
        shown: dict[str, object] = {
            "number": self.number,
            "name": name_of(self.rule),
            "rule": self.rule.rule,
            "columns": list(columns_of(self.rule)),
            "severity": self.rule.severity,
            "status": self.status.value,
            "message": self.message,
            "definition": self.rule.model_dump(mode="json", exclude_defaults=True) | {"rule": self.rule.rule},
        }
        if self.status is Status.ERROR:
            return shown
        if isinstance(self.rule, RowRule):
            shown |= {
                "checked": self.found.checked,
                "failing": self.found.failing,
                "failing_share": self.found.failing / self.found.checked if self.found.checked else 0.0,
                "examples": self.found.examples,
            }
        observed = {key: value for key, value in self.found.observed.items() if key != "message"}
        return shown | ({"observed": observed} if observed else {})


def judged(number: int, rule: AnyRule, found: Found) -> Judged:
    """Decide on a rule that could be evaluated."""
    holds, message = _whole(found) if found.broken is not None else _rows(rule, found)
    status = Status.PASSED if holds else _BROKEN[rule.severity]
    return Judged(number=number, rule=rule, found=found, status=status, message=message)


def unjudged(number: int, rule: AnyRule, message: str) -> Judged:
    """A rule that could not be evaluated: never passed."""
    return Judged(number=number, rule=rule, found=Found(), status=Status.ERROR, message=message[:_LONGEST])


def verdict(rules: Sequence[Judged]) -> Status | None:
    """The worst status, where what is only noted counts as passed; None where there was no rule."""
    if not rules:
        return None
    order = list(Status)
    worst = max((rule.status for rule in rules), key=order.index)
    return Status.PASSED if worst is Status.NOTED else worst


def counts(rules: Sequence[Judged]) -> Mapping[str, int]:
    """How many rules came out how."""
    return {status.value: sum(rule.status is status for rule in rules) for status in Status}


def _whole(found: Found) -> tuple[bool, str]:
    return not found.broken, str(found.observed.get("message", "Holds." if not found.broken else "Does not hold."))


def _rows(rule: AnyRule, found: Found) -> tuple[bool, str]:
    if not found.checked:
        return True, "There was no row to check."
    if not found.failing:
        return True, f"All of {found.checked:,} rows keep it."
    allowed = 0
    if isinstance(rule, RowRule):
        # 0.29 * 100 is 28.999…, and 29 rows may be meant.
        allowed = max(rule.tolerance_count, int(rule.tolerance_share * found.checked + 1e-6))
    share = 100 * found.failing / found.checked
    message = f"{found.failing:,} of {found.checked:,} rows ({share:.3g} %) break it"
    if found.failing <= allowed:
        return True, f"{message}; {allowed:,} may."
    return False, f"{message}{f'; {allowed:,} may' if allowed else ''}."
