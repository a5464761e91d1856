"""The text that Polars scans: the file itself, or a copy in which everything is where Polars expects it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl

from processor.reading.blank_lines import Kept, copy_without, count_blank_lines
from processor.reading.doubling import Doubling
from processor.reading.draft import Draft
from processor.reading.faults import JoinedRowsError
from processor.reading.growth import check_growth
from processor.reading.joined import Joined
from processor.reading.look import Copy
from processor.reading.oddities import Oddities, look_over
from processor.reading.packing import Packing
from processor.reading.plan import Plan
from processor.reading.rewriting import copy_rewritten, pieces


class PreparedText:
    """Makes the copies that the draft's plan asks for, each once."""

    def __init__(self, draft: Draft, copy: Copy | None) -> None:
        self._draft = draft
        self._copy = copy
        self._full: tuple[Path, Packing] | None = None  # not looked for yet
        self._doubled = self._blank_is_told = False

    def frame(self) -> pl.LazyFrame:
        """All rows, after the present plan.

        Raises:
            JoinedRowsError: some would be part of others; that is told once.
        """
        self.make_copy()
        check_growth(self._draft.plan.path, self._draft.plan.packing)
        if self._full is None:
            odd = self._look_over()
            if odd.quotes:
                self.double_quotes()
                self._check_rows()
            self._full = self._leave_out_blank() if odd.blank else (self._draft.plan.path, self._draft.plan.packing)
        path, packing = self._full
        return replace(self._draft.plan, packing=packing).scan(path)

    def make_copy(self) -> None:
        """Copy what Polars cannot scan, and rewrite what it would read otherwise; nothing where it was done."""
        if self._copy:
            path = self._copy.make(self._draft.run, self._draft.source)
            self._draft.plan = self._draft.moved(path)
            self._copy = None
        if self._draft.plan.habits:
            self._rewrite("rewritten", self._draft.plan.habits.rewritten)
            self._draft.plan = replace(self._draft.plan, habits=None)

    def move(self, plan: Plan) -> None:
        """Go on with a plan for another text."""
        self._draft.plan, self._full = plan, None

    def double_quotes(self) -> None:
        """Keep the quotes that stand undoubled within quotes, which Polars leaves out without a word."""
        if self._doubled or not self._draft.has_quotes:
            return
        self._doubled = True
        doubling = Doubling(self._draft.plan.dialect)
        if not self._needs(doubling):
            return
        self._rewrite("doubled", doubling.doubled)
        self._draft.seen = self._draft.seen.converted(Doubling(self._draft.plan.dialect).doubled)
        self._draft.run.warn(
            "quotes", f"{doubling.count:,} fields hold quotes that are not doubled; they are read as they stand."
        )

    def _check_rows(self) -> None:
        draft, joined = self._draft, Joined(self._draft.plan.dialect)
        newline, quote = draft.plan.newline.encode(), (draft.plan.dialect.quote or '"').encode()
        with draft.opened() as file:
            if any(map(joined.are_in, pieces(file, newline, quote))):
                raise JoinedRowsError

    def _needs(self, doubling: Doubling) -> bool:
        if self._draft.seen.whole:
            return doubling.is_needed(self._draft.seen.head)
        with self._draft.opened() as file:
            return doubling.is_needed_in(file, self._draft.plan.newline.encode())

    def _rewrite(self, name: str, rewrite: Callable[[bytes], bytes]) -> None:
        """Go on with a copy; it has the same lines."""
        draft, path = self._draft, self._draft.scratch(name)
        draft.run.phase("repair")
        with draft.opened() as file:
            copy_rewritten(
                file, path, rewrite, newline=draft.plan.newline, quote=draft.plan.dialect.quote, told=draft.told
            )
        self.move(draft.moved(path))

    def _look_over(self) -> Oddities:
        quotes = self._draft.has_quotes and not self._doubled
        if self._draft.seen.whole:
            return Oddities(quotes=quotes, blank=True)  # small enough for the closer look
        return look_over(self._draft.plan, quotes=quotes)

    def _leave_out_blank(self) -> tuple[Path, Packing]:
        """Where the rows are without blank lines; the plan's own path keeps the numbers of the lines."""
        plan = self._draft.plan
        blank = self._count_blank()
        if blank:
            self._tell_blank(blank)
        if not blank or len(plan.names) == 1:
            return plan.path, plan.packing
        self._draft.run.phase("blank lines")
        path = self._draft.scratch("full")
        copy_without(path, plan, told=self._draft.told)
        return path, Packing.NONE

    def _tell_blank(self, blank: int) -> None:
        if self._blank_is_told:
            return
        self._blank_is_told = True
        if len(self._draft.plan.names) == 1:
            self._draft.run.warn("blank_lines", f"{blank:,} blank lines count as missing values of the only column.")
        else:
            self._draft.run.warn("blank_rows", f"{blank:,} blank lines were left out.")

    def _count_blank(self) -> int:
        if self._draft.seen.whole:
            kept = Kept(self._draft.plan)
            kept.feed(self._draft.seen.head)
            return kept.blank
        return count_blank_lines(self._draft.plan)
