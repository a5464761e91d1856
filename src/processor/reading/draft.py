"""What is known of a delimited file while it is read: a plan that changes where the file proves to be otherwise."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from processor.kind import Input
from processor.reading import sample
from processor.reading.dialect import begins_with_quote
from processor.reading.flaws import Flaws
from processor.reading.packing import Packing, Unpacked
from processor.reading.plan import Plan
from processor.reading.planning import typed_plan
from processor.reading.spots import RowShape
from processor.reading.wishes import Wishes
from processor.run import Run


@dataclass(kw_only=True, slots=True)
class Draft:
    """The present plan, and what it was made from.

    Attributes:
        run: takes warnings, and gives scratch space.
        source: the file as handed in.
        wishes: what the caller said about values.
        plan: how it is read, as far as is known.
        seen: pieces of the text that the plan's path holds.
        flaws: rows that are not in the table as the file has them.
    """

    run: Run
    source: Input
    wishes: Wishes
    plan: Plan
    seen: sample.Sample
    flaws: Flaws = field(default_factory=Flaws)

    def scratch(self, name: str) -> Path:
        """Where a copy of the file may be."""
        return self.run.scratch / f"{self.source.name}.{name}.csv"

    def told(self, position: int) -> None:
        """Tell how far a pass over the file has come."""
        self.run.progress(bytes_read=position)

    def opened(self) -> Unpacked:
        """The text, unpacked."""
        return Unpacked(self.plan.path, self.plan.packing)

    def moved(self, path: Path) -> Plan:
        """The plan for a copy."""
        return replace(self.plan, path=path, packing=Packing.NONE)

    def retype(self, plan: Plan, seen: sample.Sample | None = None) -> None:
        """Go on with another plan, whose types are told anew, and perhaps another sample."""
        if seen:
            shape = RowShape(dialect=plan.dialect, newline=plan.newline, width=len(plan.names))
            self.seen = seen.cut(shape.lines_or_rows)
        self.plan = typed_plan(self.run, plan, self.seen, self.wishes, tell_names=False)

    @property
    def has_quotes(self) -> bool:
        """Whether any piece that was looked at has quotes."""
        quote = (self.plan.dialect.quote or "").encode()
        return bool(quote) and any(quote in piece for piece in (self.seen.head, *self.seen.spots))

    @property
    def quotes_are_plain(self) -> bool:
        """True where no field of the sample begins with a quote, so they are inches or the like."""
        return not begins_with_quote(self.seen.head.decode("utf-8", errors="replace"), self.plan.dialect)
