"""Delimited text: a plan made from a sample, and mended where the file proves to be otherwise."""

import io
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl

from common.errors import InputError
from processor.kind import Input
from processor.reading import encoding, lines, sample
from processor.reading.blank_lines import Kept, copy_without, count_blank_lines, without_blank_lines
from processor.reading.dialect import (
    begins_with_quote,
)
from processor.reading.faults import Diagnosis, Fault, as_input_error, diagnose, is_about_the_file
from processor.reading.flaws import Flaws, shown_lines
from processor.reading.growth import check_growth
from processor.reading.look import Copy, check_first_line, look
from processor.reading.names import shown
from processor.reading.oddities import Oddities, look_over
from processor.reading.options import ReadOptions
from processor.reading.packing import Packing, Unpacked
from processor.reading.plan import Plan
from processor.reading.planning import given_plan, plan_of, typed_plan
from processor.reading.repair import copy_without_bad_rows
from processor.reading.rewriting import Doubling, copy_rewritten
from processor.reading.rows_sample import RowsSample, of_head, of_text
from processor.reading.table import PREPARING, Table
from processor.reading.widening import widened
from processor.reading.wishes import Wishes
from processor.run import Run


class DelimitedFile:
    """A delimited text file as a table."""

    def __init__(
        self, run: Run, source: Input, *, plan: Plan, seen: sample.Sample, copy: Copy | None, wishes: Wishes
    ) -> None:
        self._run = run
        self._source = source
        self._plan = plan
        self._seen = seen
        self._copy = copy
        self._share = PREPARING if copy or plan.habits else 0.0
        self._wishes = wishes
        self._forced = {name for name in plan.schema.types if name in wishes.dtypes}
        self._flaws = Flaws()
        self._repaired = self._doubled = False
        self._mended: Counter[Fault] = Counter()
        self._full: tuple[Path, Packing] | None = None  # not looked for yet
        self._blank_is_told = False

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
            plan = plan_of(run, replace(given_plan(source.path, options), newline=found.newline), seen, options, wishes)
        except BaseException as error:
            if not is_about_the_file(error):
                raise
            raise as_input_error(diagnose(error)) from None
        if plan.habits:
            seen = seen.converted(plan.habits.rewritten)
        return cls(run, source, plan=replace(plan, packing=packing), seen=seen, copy=copy, wishes=wishes)

    def table(self, *, sample_rows: int) -> Table:
        """The file's table after the present plan."""
        newline = self._plan.newline.encode()
        text = self._without_blank(self._seen.lines(newline))
        head = self._plan.scan(io.BytesIO(text), n_rows=sample_rows).collect(engine="streaming")
        whole = self._seen.whole and head.height < sample_rows
        count = self._seen.lines_estimate(newline)
        return Table(
            format="csv",
            head=head,
            rows=None,
            rows_estimate=head.height if whole else count and max(head.height, count - self._plan.dialect.header),
            bytes=self._source.bytes,
            open=self._frame,
            draw=lambda: self._drawn(head, whole=whole, wanted=sample_rows),
            share=self._share,
            flaws=self._flaws,
            check_lines=self._check_lines if len(self._plan.names) > 1 else None,
        )

    def _frame(self) -> pl.LazyFrame:
        self._make_copy()
        check_growth(self._plan.path, self._plan.packing)
        if self._full is None:
            odd = self._look_over()
            if odd.quotes:
                self._double_quotes()
            self._full = self._leave_out_blank() if odd.blank else (self._plan.path, self._plan.packing)
        path, packing = self._full
        return replace(self._plan, packing=packing).scan(path)

    def _without_blank(self, text: bytes) -> bytes:
        return without_blank_lines(text, self._plan) if len(self._plan.names) > 1 else text

    def _leave_out_blank(self) -> tuple[Path, Packing]:
        """Where the rows are without blank lines; the plan's own path keeps the numbers of the lines."""
        plan = self._plan
        blank = self._count_blank()
        if blank:
            self._tell_blank(blank)
        if not blank or len(plan.names) == 1:
            return plan.path, plan.packing
        self._run.phase("blank lines")
        path = self._run.scratch / f"{self._source.name}.full.csv"
        copy_without(path, plan, told=lambda at: self._run.progress(bytes_read=at))
        return path, Packing.NONE

    def _tell_blank(self, blank: int) -> None:
        if self._blank_is_told:
            return
        self._blank_is_told = True
        if len(self._plan.names) == 1:
            self._run.warn("blank_lines", f"{blank:,} blank lines count as missing values of the only column.")
        else:
            self._run.warn("blank_rows", f"{blank:,} blank lines were left out.")

    def _look_over(self) -> Oddities:
        quotes = self._has_quotes() and not self._doubled
        if self._seen.whole:
            return Oddities(quotes=quotes, blank=True)  # small enough for the closer look
        return look_over(self._plan, quotes=quotes)

    def _has_quotes(self) -> bool:
        quote = (self._plan.dialect.quote or "").encode()
        return bool(quote) and any(quote in piece for piece in (self._seen.head, *self._seen.spots))

    def _count_blank(self) -> int:
        if self._seen.whole:
            kept = Kept(self._plan)
            kept.feed(self._seen.head)
            return kept.blank
        return count_blank_lines(self._plan)

    def _make_copy(self) -> None:
        if self._copy:
            path = self._copy.make(self._run, self._source)
            self._plan = replace(self._plan, path=path, packing=Packing.NONE)
            self._copy = None
        if self._plan.habits:
            self._rewrite("rewritten", self._plan.habits.rewritten)
            self._plan = replace(self._plan, habits=None)

    def _rewrite(self, name: str, rewrite: Callable[[bytes], bytes]) -> None:
        """Go on with a copy; it has the same lines."""
        self._run.phase("repair")
        path = self._run.scratch / f"{self._source.name}.{name}.csv"
        with Unpacked(self._plan.path, self._plan.packing) as file:
            copy_rewritten(
                file,
                path,
                rewrite,
                newline=self._plan.newline,
                quote=self._plan.dialect.quote,
                told=lambda at: self._run.progress(bytes_read=at),
            )
        self._plan, self._full = replace(self._plan, path=path, packing=Packing.NONE), None

    def _double_quotes(self) -> None:
        """Keep the quotes that stand undoubled within quotes, which Polars leaves out without a word."""
        if self._doubled or not self._has_quotes():
            return
        self._doubled = True
        doubling = Doubling(self._plan.dialect)
        if not self._needs(doubling):
            return
        self._rewrite("doubled", doubling.doubled)
        self._seen = self._seen.converted(Doubling(self._plan.dialect).doubled)
        self._run.warn(
            "quotes", f"{doubling.count:,} fields hold quotes that are not doubled; they are read as they stand."
        )

    def _needs(self, doubling: Doubling) -> bool:
        if self._seen.whole:
            return doubling.is_needed(self._seen.head)
        with Unpacked(self._plan.path, self._plan.packing) as file:
            return doubling.is_needed_in(file, self._plan.newline.encode())

    def _drawn(self, head: pl.DataFrame, *, whole: bool, wanted: int) -> RowsSample:
        if whole:
            return of_head(head, whole=True)
        return of_text(self._plan, self._seen, head, wanted=wanted)

    def mend(self, error: BaseException) -> None:
        """Change the plan so that the fault does not come again.

        Raises:
            InputError: nothing can be done about it.
        """
        self._make_copy()  # the sample may show a fault before anybody asked for the whole
        diagnosis = diagnose(error)
        self._mended[diagnosis.fault] += 1
        match diagnosis.fault:
            case Fault.TYPE if (column := self._column_of(diagnosis)) is not None:
                self._widen(column)
            case Fault.FIELDS if not self._plan.ragged:
                self._cut()
            case Fault.ENCODING if not self._plan.lossy:
                self._replace_undecodable()
            case Fault.QUOTE | Fault.UNREADABLE if self._plan.dialect.quote and self._quotes_are_plain():
                self._read_quotes_as_plain()
            case Fault.QUOTE | Fault.UNREADABLE if self._plan.dialect.quote and not self._repaired:
                self._leave_out_bad_rows()
            case _:
                raise as_input_error(self._named(diagnosis)) from None

    def _column_of(self, diagnosis: Diagnosis) -> int | None:
        names = list(self._plan.schema.types)
        return names.index(diagnosis.name) if diagnosis.name in names else diagnosis.column

    def _widen(self, column: int) -> None:
        # The first time all columns are looked at in one pass, so that a wide file is not begun again for each of them.
        types = dict(self._plan.schema.types)
        name = list(types)[column]
        if name in self._forced:
            raise InputError(
                f"Column {shown(self._plan.names[column])} holds values that do not fit its type in"
                " read_options.dtypes.",
                advice="Choose another type, or leave it out.",
            ) from None
        if self._mended[Fault.TYPE] == 1:
            self._run.phase("types")
            types = widened(self._run, self._plan)
        if types[name] == self._plan.schema.types[name]:
            types[name] = pl.String()
            self._run.warn(
                "types", f"Column {shown(self._plan.names[column])} holds values of several types; read as text."
            )
        self._plan = replace(self._plan, schema=self._plan.with_types(types, plain=name))

    def _leave_out_bad_rows(self) -> None:
        self._double_quotes()
        self._run.phase("repair")
        self._repaired, self._full = True, None
        path = self._run.scratch / f"{self._source.name}.repaired.csv"
        self._flaws.unread, self._flaws.unread_lines = 0, []
        with Unpacked(self._plan.path, self._plan.packing) as file:
            copy_without_bad_rows(
                file, path, plan=self._plan, flaws=self._flaws, told=lambda at: self._run.progress(bytes_read=at)
            )
        if not self._flaws.unread:
            return
        where = shown_lines(self._flaws.unread_lines, self._flaws.unread)
        self._run.warn(
            "unread_rows",
            f"{self._flaws.unread:,} rows have quotes that are not closed or not doubled, and are missing: {where}.",
        )
        self._seen = sample.take(path, Packing.NONE)
        self._plan = typed_plan(
            self._run, replace(self._plan, path=path, packing=Packing.NONE), self._seen, self._wishes, tell_names=False
        )

    def _could_leave_out_bad_rows(self) -> bool:
        """Leave them out if there are some, and not so many that quotes must mean something else."""
        if self._repaired or not self._plan.dialect.quote or self._quotes_are_plain():
            return False
        try:
            self._leave_out_bad_rows()
        except InputError:
            self._flaws.unread, self._flaws.unread_lines = 0, []
        return bool(self._flaws.unread)

    def _cut(self) -> None:
        self._run.phase("lines")
        irregular = lines.count_irregular(self._plan)
        # Quotes that do not close may make the surplus: what is left without those rows is looked at anew.
        if irregular is None and self._could_leave_out_bad_rows():
            return
        if irregular is None or not irregular.longer:
            what = "Some lines have"  # they are not counted as Polars does, where quotes are not as they should be
        else:
            what = f"{irregular.longer:,} lines (the first is line {irregular.first_longer}) have"
            self._flaws.cut = irregular.longer
        self._run.warn("ragged_rows", f"{what} more fields than there are columns; the surplus was cut off.")
        self._plan = replace(self._plan, ragged=True)

    def _replace_undecodable(self) -> None:
        self._run.phase("encoding")
        with Unpacked(self._plan.path, self._plan.packing) as file:
            count = encoding.count_undecodable(file)
        self._run.warn("encoding", f"{count:,} places in the text are no UTF-8; they stand as U+FFFD.")
        self._plan = replace(self._plan, lossy=True)

    def _quotes_are_plain(self) -> bool:
        """True where no field of the sample begins with a quote, so they are inches or the like."""
        return not begins_with_quote(self._seen.head.decode("utf-8", errors="replace"), self._plan.dialect)

    def _read_quotes_as_plain(self) -> None:
        self._run.warn("quotes", f"The character {self._plan.dialect.quote} is not used for quoting; read as it is.")
        plan = replace(self._plan, dialect=replace(self._plan.dialect, quote=None))
        self._plan, self._full = typed_plan(self._run, plan, self._seen, self._wishes, tell_names=False), None

    def _named(self, diagnosis: Diagnosis) -> Diagnosis:
        known = diagnosis.column is not None and diagnosis.column < len(self._plan.names)
        return diagnosis if known else Diagnosis(fault=diagnosis.fault)

    def _check_lines(self) -> None:
        self._run.phase("lines")
        irregular = lines.count_irregular(self._plan)
        if irregular is not None and irregular.shorter:
            self._run.warn(
                "short_rows",
                f"{irregular.shorter:,} lines (the first is line {irregular.first_shorter}) have fewer fields than"
                " there are columns; what is missing counts as null.",
            )
