"""What is done where a delimited file proves to be otherwise than its sample said: another plan, and a warning."""

from collections import Counter
from dataclasses import replace

import polars as pl

from common.errors import InputError
from processor.reading import encoding, lines, sample
from processor.reading.draft import Draft
from processor.reading.faults import Diagnosis, Fault, as_input_error, diagnose
from processor.reading.flaws import shown_lines
from processor.reading.names import shown
from processor.reading.packing import Packing
from processor.reading.prepared_text import PreparedText
from processor.reading.repair import copy_without_bad_rows
from processor.reading.widening import widened


class Mending:
    """Changes the draft's plan, fault by fault."""

    def __init__(self, draft: Draft, text: PreparedText) -> None:
        self._draft = draft
        self._text = text
        self._forced = {name for name in draft.plan.schema.types if name in draft.wishes.dtypes}
        self._mended: Counter[Fault] = Counter()
        self._repaired = False

    def mend(self, error: BaseException) -> None:
        """Change the plan so that the fault does not come again.

        Raises:
            InputError: nothing can be done about it.
        """
        self._text.make_copy()  # the sample may show a fault before anybody asked for the whole
        diagnosis = diagnose(error)
        self._mended[diagnosis.fault] += 1
        match diagnosis.fault:
            case Fault.TYPE if (column := self._column_of(diagnosis)) is not None:
                self._widen(column)
            case Fault.FIELDS if not self._draft.plan.ragged:
                self._cut()
            case Fault.ENCODING if not self._draft.plan.lossy:
                self._replace_undecodable()
            case Fault.QUOTE | Fault.UNREADABLE if self._draft.plan.dialect.quote and self._draft.quotes_are_plain:
                self._read_quotes_as_plain()
            case Fault.QUOTE | Fault.UNREADABLE if self._draft.plan.dialect.quote and not self._repaired:
                self._leave_out_bad_rows()
            case _:
                raise as_input_error(self._named(diagnosis)) from None

    def _column_of(self, diagnosis: Diagnosis) -> int | None:
        names = list(self._draft.plan.schema.types)
        return names.index(diagnosis.name) if diagnosis.name in names else diagnosis.column

    def _widen(self, column: int) -> None:
        # The first time all columns are looked at in one pass, so that a wide file is not begun again for each of them.
        name = list(self._draft.plan.schema.types)[column]
        if name in self._forced:
            raise InputError(
                f"Column {shown(self._draft.plan.names[column])} holds values that do not fit its type in"
                " read_options.dtypes.",
                advice="Choose another type, or leave it out.",
            ) from None
        changed: dict[str, pl.DataType] = {}
        if self._mended[Fault.TYPE] == 1:
            self._draft.run.phase("types")
            changed = widened(self._draft.run, self._draft.plan, kept=self._forced)
        if name not in changed:
            changed[name] = pl.String()
            self._draft.run.warn(
                "types",
                f"Column {shown(self._draft.plan.names[column])} holds values of several types; read as text.",
            )
        self._draft.plan = replace(self._draft.plan, schema=self._draft.plan.with_types(changed))

    def _leave_out_bad_rows(self) -> bool:
        """Go on with a copy without them, in which quotes are only where they should be; False where all were."""
        draft, flaws = self._draft, self._draft.flaws
        self._text.double_quotes()
        draft.run.phase("repair")
        self._repaired, path = True, draft.scratch("repaired")
        flaws.unread, flaws.unread_lines = 0, []
        with draft.opened() as file:
            requoted = copy_without_bad_rows(file, path, plan=draft.plan, flaws=flaws, told=draft.told)
        self._tell_repaired(requoted)
        if not flaws.unread and not requoted:
            return False
        self._text.move(draft.moved(path))
        draft.retype(draft.plan, sample.take(path, Packing.NONE))
        return True

    def _tell_repaired(self, requoted: int) -> None:
        run, flaws = self._draft.run, self._draft.flaws
        if flaws.unread:
            where = shown_lines(flaws.unread_lines, flaws.unread)
            run.warn(
                "unread_rows",
                f"{flaws.unread:,} rows have quotes that are not closed or not doubled, and are missing: {where}.",
            )
        if requoted:
            run.warn("quotes", f"{requoted:,} fields that are not quoted hold quotes; they are read as they stand.")

    def _could_leave_out_bad_rows(self) -> bool:
        """Leave them out if there are some, and not so many that quotes must mean something else."""
        if self._repaired or not self._draft.plan.dialect.quote or self._draft.quotes_are_plain:
            return False
        try:
            return self._leave_out_bad_rows()
        except InputError:
            self._draft.flaws.unread, self._draft.flaws.unread_lines = 0, []
            return False

    def _cut(self) -> None:
        self._draft.run.phase("lines")
        irregular = lines.count_irregular(self._draft.plan)
        # Quotes that do not close may make the surplus: what is left without those rows is looked at anew.
        if irregular is None and self._could_leave_out_bad_rows():
            return
        if irregular is None or not irregular.longer:
            what = "Some lines have"  # they are not counted as Polars does, where quotes are not as they should be
        else:
            what = f"{irregular.longer:,} lines (the first is line {irregular.first_longer}) have"
            self._draft.flaws.cut = irregular.longer
        self._draft.run.warn("ragged_rows", f"{what} more fields than there are columns; the surplus was cut off.")
        self._draft.plan = replace(self._draft.plan, ragged=True)

    def _replace_undecodable(self) -> None:
        self._draft.run.phase("encoding")
        with self._draft.opened() as file:
            count = encoding.count_undecodable(file)
        self._draft.run.warn("encoding", f"{count:,} places in the text are no UTF-8; they stand as U+FFFD.")
        self._draft.plan = replace(self._draft.plan, lossy=True)

    def _read_quotes_as_plain(self) -> None:
        plan = self._draft.plan
        self._draft.run.warn("quotes", f"The character {plan.dialect.quote} is not used for quoting; read as it is.")
        self._text.move(replace(plan, dialect=replace(plan.dialect, quote=None)))
        self._draft.retype(self._draft.plan)

    def _named(self, diagnosis: Diagnosis) -> Diagnosis:
        known = diagnosis.column is not None and diagnosis.column < len(self._draft.plan.names)
        return diagnosis if known else Diagnosis(fault=diagnosis.fault)
