"""How a delimited file is to be read, decided from pieces of it; whatever is not the usual way is told as a warning."""

from dataclasses import replace
from pathlib import Path

from processor.reading import sample
from processor.reading.columns import usable_name
from processor.reading.dialect import (
    Dialect,
    after_lines,
    count_preamble,
    find_comment,
    sniff,
    with_comments,
    without_comments,
)
from processor.reading.guesses import typed_sample
from processor.reading.habits import Habits, habits_of
from processor.reading.names import given_name, shown, unique_names
from processor.reading.options import ReadOptions
from processor.reading.plan import Plan
from processor.reading.schema import infer
from processor.reading.type_warnings import tell_types
from processor.reading.wishes import Wishes
from processor.run import Run


def given_plan(path: Path, options: ReadOptions) -> Plan:
    """The plan as far as the caller gave it."""
    return Plan(
        path=path,
        dialect=Dialect(delimiter=",", quote=None, header=True),
        newline="\n",
        preamble=options.skip_rows or 0,
        comment=options.comment or None,
        nulls=options.null_values or (),
    )


def plan_of(
    run: Run, plan: Plan, seen: sample.Sample, options: ReadOptions, wishes: Wishes
) -> tuple[Plan, sample.Sample]:
    """The whole plan (the dialect, the names, the types), and the sample as it is read after it.

    Raises:
        InputError: the table is too wide, or the caller named a column that it does not have.
    """
    text = seen.lines(plan.newline.encode()).decode("utf-8", errors="replace").removeprefix("\ufeff")
    text = after_lines(text, plan.preamble)
    comment = find_comment(text, options.delimiter) if options.comment is None else plan.comment
    whole = text
    if comment:
        text = without_comments(text, comment)
    dialect = sniff(text, delimiter=options.delimiter, quote=options.quote, header=options.header)
    below = after_lines(text, count_preamble(text, dialect))
    habits = habits_of(below, dialect)
    # Before they are rewritten: that begins with a row.
    seen = seen.cut(habits.shape(below, plan.newline).lines_or_rows)
    if habits:
        _tell_habits(run, habits)
        seen = seen.converted(habits.rewritten)
        text = habits.rewritten(text.encode()).decode()
        dialect = sniff(text, delimiter=dialect.delimiter, quote=options.quote, header=options.header)
    preamble = count_preamble(text, dialect) if options.skip_rows is None else 0
    if preamble:
        preamble = with_comments(whole, comment, preamble) if comment else preamble
        run.warn("preamble", f"The first {preamble} lines are no rows of the table; they were left out.")
    if comment and options.comment is None:
        run.warn("comments", f"Lines that begin with {comment} are comments; they were left out.")
    if dialect.delimiter != "," and options.delimiter is None:
        run.warn("delimiter", f"Fields are separated by {dialect.delimiter!r}.")
    if not dialect.header and options.header is None:
        run.warn("header", "The first line looks like data; the columns are named column_1, column_2 and so on.")
    plan = replace(plan, dialect=dialect, preamble=plan.preamble + preamble, comment=comment)
    plan = replace(plan, habits=habits or None)
    return typed_plan(run, plan, seen, wishes), seen


def _tell_habits(run: Run, habits: Habits) -> None:
    if habits.blanks:
        run.warn("blanks", "Blanks at the beginning of fields were left out.")
    if habits.backslashes:
        run.warn("quotes", "Quotes within quotes stand behind a backslash; it was left out.")


def typed_plan(run: Run, plan: Plan, seen: sample.Sample, wishes: Wishes, *, tell_names: bool = True) -> Plan:
    """The plan with names and types of the columns."""
    texts, guesses = typed_sample(run, plan, seen)
    given = [given_name(name, quote=plan.dialect.quote) if plan.dialect.header else "" for name in guesses]
    names = unique_names([usable_name(name) for name in given])
    if plan.dialect.header and tell_names:
        _tell_names(run, names, given)
    final = dict(zip(guesses, names, strict=True))
    decided = infer(texts, guesses, wishes.by_file_name(final))
    tell_types(run, decided, final)
    return replace(plan, names=tuple(names), schema=decided)


def _tell_names(run: Run, names: list[str], given: list[str]) -> None:
    for number, (name, old) in enumerate(zip(names, given, strict=True), start=1):
        if old and usable_name(old) != old:
            run.warn("column_names", f"The name of column {number} cannot be shown; it is shown as {shown(name)}.")
        elif "_duplicated_" in name:
            run.warn("column_names", f"Column {number} has a name that comes twice; it is shown as {shown(name)}.")
        elif name == f"column_{number}":
            run.warn("column_names", f"Column {number} has no name; it is shown as {shown(name)}.")
