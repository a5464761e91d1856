"""Delimited text: a plan made from a sample, and mended where the file proves to be otherwise."""

import io
from dataclasses import replace

import polars as pl

from processor.kind import Input
from processor.reading import lines
from processor.reading.blank_lines import without_blank_lines
from processor.reading.draft import Draft
from processor.reading.faults import as_input_error, diagnose, is_about_the_file
from processor.reading.look import Copy, check_first_line, look
from processor.reading.mending import Mending
from processor.reading.options import ReadOptions
from processor.reading.packing import Packing
from processor.reading.planning import given_plan, plan_of
from processor.reading.prepared_text import PreparedText
from processor.reading.rows_sample import RowsSample, of_head, of_text
from processor.reading.table import PREPARING, Table
from processor.reading.wishes import Wishes
from processor.run import Run


class DelimitedFile:
    """A delimited text file as a table."""

    def __init__(self, draft: Draft, copy: Copy | None) -> None:
        self._draft = draft
        self._share = PREPARING if copy or draft.plan.habits else 0.0
        self._text = PreparedText(draft, copy)
        self._mending = Mending(draft, self._text)

    @classmethod
    def open(cls, run: Run, source: Input, options: ReadOptions, packing: Packing) -> "DelimitedFile":
        """Look at the file and make a plan; every decision that is not the usual one is a warning.

        Raises:
            InputError: it is no delimited text.
        """
        try:
            copy, found, seen = look(run, source, options, packing)
            check_first_line(seen, found.newline.encode())
            wishes = Wishes.of(options)
            given = replace(given_plan(source.path, options), newline=found.newline)
            plan, seen = plan_of(run, given, seen, options, wishes)
        except BaseException as error:
            if not is_about_the_file(error):
                raise
            raise as_input_error(diagnose(error)) from None
        plan = replace(plan, packing=packing)
        return cls(Draft(run=run, source=source, wishes=wishes, plan=plan, seen=seen), copy)

    def table(self, *, sample_rows: int) -> Table:
        """The file's table after the present plan."""
        newline = self._draft.plan.newline.encode()
        text = self._without_blank(self._draft.seen.lines(newline))
        head = self._draft.plan.scan(io.BytesIO(text), n_rows=sample_rows).collect(engine="streaming")
        whole = self._draft.seen.whole and head.height < sample_rows
        count = self._draft.seen.lines_estimate(newline)
        return Table(
            format="csv",
            head=head,
            rows=None,
            rows_estimate=head.height if whole else count and max(head.height, count - self._draft.plan.dialect.header),
            bytes=self._draft.source.bytes,
            open=self._text.frame,
            draw=lambda: self._drawn(head, whole=whole, wanted=sample_rows),
            share=self._share,
            flaws=self._draft.flaws,
            check_lines=self._check_lines if len(self._draft.plan.names) > 1 else None,
        )

    def mend(self, error: BaseException) -> None:
        """Change the plan so that the fault does not come again.

        Raises:
            InputError: nothing can be done about it.
        """
        self._mending.mend(error)

    def _without_blank(self, text: bytes) -> bytes:
        return without_blank_lines(text, self._draft.plan) if len(self._draft.plan.names) > 1 else text

    def _drawn(self, head: pl.DataFrame, *, whole: bool, wanted: int) -> RowsSample:
        if whole:
            return of_head(head, whole=True)
        return of_text(self._draft.plan, self._draft.seen, head, wanted=wanted)

    def _check_lines(self) -> None:
        self._draft.run.phase("lines")
        irregular = lines.count_irregular(self._draft.plan)
        if irregular is not None and irregular.shorter:
            self._draft.run.warn(
                "short_rows",
                f"{irregular.shorter:,} lines (the first is line {irregular.first_shorter}) have fewer fields than"
                " there are columns; what is missing counts as null.",
            )
