"""Delimited text: a plan made from a sample, and mended where the file proves to be otherwise."""

import io
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import polars as pl

from common.errors import InputError
from processor.kind import Input
from processor.reading import encoding, lines, sample, schema
from processor.reading.dialect import begins_with_quote, count_preamble, sniff
from processor.reading.faults import Diagnosis, Fault, as_input_error, diagnose, is_about_the_file
from processor.reading.options import ReadOptions
from processor.reading.packing import Packing, Unpacked
from processor.reading.plan import Plan
from processor.reading.rows_sample import RowsSample, of_head, of_text
from processor.reading.table import PREPARING, Table
from processor.reading.widening import widened
from processor.run import Run

_SCANNED = (Packing.NONE, Packing.GZIP, Packing.ZSTD)


class DelimitedFile:
    """A delimited text file as a table."""

    def __init__(self, run: Run, source: Input, *, plan: Plan, seen: sample.Sample, copy: "_Copy | None") -> None:
        self._run = run
        self._source = source
        self._plan = plan
        self._seen = seen
        self._copy = copy
        self._share = PREPARING if copy else 0.0
        self._mended: Counter[Fault] = Counter()

    @classmethod
    def open(cls, run: Run, source: Input, options: ReadOptions, packing: Packing) -> "DelimitedFile":
        """Look at the file and make a plan; every decision that is not the usual one is a warning.

        Raises:
            InputError: it is no delimited text.
        """
        try:
            copy, found, seen = _look(run, source, options, packing)
            _check_first_line(seen, found.newline.encode())
            plan = _plan(run, source.path, found.newline, seen, options)
        except BaseException as error:
            if not is_about_the_file(error):
                raise
            raise as_input_error(diagnose(error)) from None
        return cls(run, source, plan=replace(plan, packing=packing), seen=seen, copy=copy)

    def table(self, *, sample_rows: int) -> Table:
        """The file's table after the present plan."""
        newline = self._plan.newline.encode()
        head = self._plan.scan(io.BytesIO(self._seen.lines(newline)), n_rows=sample_rows).collect(engine="streaming")
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
            blank_lines=len(self._plan.names) > 1,
            check_lines=self._check_lines if len(self._plan.names) > 1 else None,
        )

    def _frame(self) -> pl.LazyFrame:
        if self._copy:
            path = self._copy.make(self._run, self._source)
            self._plan = replace(self._plan, path=path, packing=Packing.NONE)
            self._copy = None
        return self._plan.scan(self._plan.path)

    def _drawn(self, head: pl.DataFrame, *, whole: bool, wanted: int) -> RowsSample:
        if whole:
            return of_head(head, whole=True)
        return of_text(self._plan, self._seen, head, wanted=wanted)

    def mend(self, error: BaseException) -> None:
        """Change the plan so that the fault does not come again.

        Raises:
            InputError: nothing can be done about it.
        """
        diagnosis = diagnose(error)
        self._mended[diagnosis.fault] += 1
        match diagnosis.fault:
            case Fault.TYPE if diagnosis.column is not None:
                self._widen(diagnosis.column)
            case Fault.FIELDS if not self._plan.ragged:
                self._cut()
            case Fault.ENCODING if not self._plan.lossy:
                self._replace_undecodable()
            case Fault.QUOTE | Fault.UNREADABLE if self._plan.dialect.quote and self._quotes_are_plain():
                self._read_quotes_as_plain()
            case _:
                raise as_input_error(self._named(diagnosis)) from None

    def _widen(self, column: int) -> None:
        # The first time all columns are looked at in one pass, so that a wide file is not begun again for each of them.
        types = dict(self._plan.schema.types)
        name = list(types)[column]
        if self._mended[Fault.TYPE] == 1:
            self._run.phase("types")
            types = widened(self._run, self._plan)
        if types[name] == self._plan.schema.types[name]:
            types[name] = pl.String()
            self._run.warn(
                "types", f"Column {schema.shown(self._plan.names[column])} holds values of several types; read as text."
            )
        self._plan = replace(self._plan, schema=self._plan.with_types(types))

    def _cut(self) -> None:
        self._run.phase("lines")
        irregular = lines.count_irregular(self._plan)
        if irregular is None:
            what = "Some lines have"
        else:
            what = f"{irregular.longer:,} lines (the first is line {irregular.first_longer}) have"
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
        self._plan = replace(self._plan, dialect=replace(self._plan.dialect, quote=None))

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Copy:
    """What must be copied before Polars can scan it: text that is not UTF-8, or packed as Polars cannot unpack it."""

    packing: Packing
    member: str | None
    encoding: encoding.Encoding

    def make(self, run: Run, source: Input) -> Path:
        run.phase("unpack" if self.packing is not Packing.NONE else "transcode")
        path = run.scratch / f"{source.name}.utf8.csv"

        def told(position: int) -> None:
            run.progress(bytes_read=position, fraction=PREPARING * position / max(1, source.bytes))

        with Unpacked(source.path, self.packing, member=self.member) as file:
            lost = encoding.copy_as_utf8(file, path, encoding=self.encoding, told=told)
        if lost:
            run.warn("encoding", f"{lost:,} characters could not be converted; they stand as U+FFFD.")
        return path


def _look(
    run: Run, source: Input, options: ReadOptions, packing: Packing
) -> tuple[_Copy | None, encoding.Encoding, sample.Sample]:
    seen = sample.take(source.path, packing, member=options.member)
    if packing is not Packing.NONE:
        run.warn("compression", f"The file is compressed with {packing}; it was unpacked.")
    found = encoding.detect([seen.head, *seen.spots])
    if options.encoding:
        found = replace(found, name=options.encoding)
    if found.newline == "\r":
        run.warn("line_ends", "Lines end with a carriage return alone (old Macintosh).")
    if found.needs_copy:
        run.warn("encoding", f"The text is {found.name}, not UTF-8; it was converted.")
    if not found.needs_copy and packing in _SCANNED:
        return None, found, seen
    copy = _Copy(packing=packing, member=options.member, encoding=found)
    try:
        seen = seen.converted(partial(encoding.convert, encoding=found))
    except UnicodeError:
        raise InputError(f"The text is not {found.name}.", advice="Leave read_options.encoding out.") from None
    return copy, replace(found, newline="\n"), seen


def _check_first_line(seen: sample.Sample, newline: bytes) -> None:
    if not seen.whole and newline not in seen.head:
        raise InputError("The first line does not end within 1 MB: this is no table.", advice="Look at the file.")


def _plan(run: Run, path: Path, newline: str, seen: sample.Sample, options: ReadOptions) -> Plan:
    text = seen.lines(newline.encode()).decode("utf-8", errors="replace").removeprefix("\ufeff")
    dialect = sniff(text, delimiter=options.delimiter, quote=options.quote, header=options.header)
    preamble = count_preamble(text, dialect)
    if preamble:
        run.warn("preamble", f"The first {preamble} lines are no rows of the table; they were left out.")
    if dialect.delimiter != "," and options.delimiter is None:
        run.warn("delimiter", f"Fields are separated by {dialect.delimiter!r}.")
    if not dialect.header and options.header is None:
        run.warn("header", "The first line looks like data; the columns are named column_1, column_2 and so on.")
    plan = Plan(path=path, dialect=dialect, newline=newline, preamble=preamble)
    return _with_types(run, plan, seen)


def _with_types(run: Run, plan: Plan, seen: sample.Sample) -> Plan:
    texts, guesses = _typed_sample(plan, seen)
    given = [schema.given_name(name, quote=plan.dialect.quote) if plan.dialect.header else "" for name in guesses]
    names = schema.unique_names(given)
    if plan.dialect.header:
        _tell_names(run, names)
    decided = schema.infer(texts, guesses)
    final = dict(zip(guesses, names, strict=True))
    for column, marker in decided.markers.items():
        run.warn(
            "null_marker", f"In column {schema.shown(final[column])} the word {marker!r} stands for a missing value."
        )
    for column in decided.unsure_dates:
        run.warn(
            "dates_as_text",
            f"Column {schema.shown(final[column])} has dates that are not all YYYY-MM-DD; read as text.",
        )
    for column in decided.mixed:
        run.warn("types", f"Column {schema.shown(final[column])} holds values of several types; read as text.")
    return replace(plan, names=tuple(names), schema=decided)


def _tell_names(run: Run, names: list[str]) -> None:
    for number, name in enumerate(names, start=1):
        if "_duplicated_" in name:
            run.warn(
                "column_names", f"Column {number} has a name that comes twice; it is shown as {schema.shown(name)}."
            )
        elif name == f"column_{number}":
            run.warn("column_names", f"Column {number} has no name; it is shown as {schema.shown(name)}.")


def _typed_sample(plan: Plan, seen: sample.Sample) -> tuple[pl.DataFrame, dict[str, pl.DataType]]:
    """The sample as text, and what Polars takes a thin part of it for; of the head alone where the spots do not fit."""
    newline = plan.newline.encode()
    head = seen.lines(newline)
    options = {**plan.options(), "truncate_ragged_lines": True, "encoding": "utf8-lossy"}
    names = pl.read_csv(head, infer_schema=False, n_rows=0, **options).columns
    for text, thin in ((seen.spread(newline), seen.thin(newline)), (head, head)):
        try:
            texts = pl.read_csv(text, infer_schema=False, **options)
            typed = pl.read_csv(thin, infer_schema_length=None, try_parse_dates=True, **options)
        except pl.exceptions.PolarsError:
            continue
        return texts, {name: typed.schema[name] for name in names}
    return pl.DataFrame(schema=dict.fromkeys(names, pl.String())), dict.fromkeys(names, pl.String())
