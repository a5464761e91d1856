"""How a delimited file is to be read, decided from pieces of it; whatever is not the usual way is told as a warning."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from common.errors import InputError
from processor.reading import sample, schema
from processor.reading.columns import check_count, usable_name
from processor.reading.dialect import (
    Dialect,
    after_lines,
    count_preamble,
    find_comment,
    sniff,
    with_comments,
    without_comments,
)
from processor.reading.habits import Habits, habits_of
from processor.reading.options import ReadOptions
from processor.reading.plan import Plan
from processor.run import Run
from processor.type_words import PLAIN

_WIDEST = 38  # digits of a whole number in 128 bits


def wishes_of(options: ReadOptions) -> schema.Wishes:
    """What the caller said about values."""
    return schema.Wishes(
        decimal=options.decimal,
        thousands=options.thousands,
        dtypes={name: PLAIN[dtype] for name, dtype in (options.dtypes or {}).items()},
        nulls=options.null_values is None,
    )


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
    run: Run, plan: Plan, seen: sample.Sample, options: ReadOptions, wishes: schema.Wishes
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


def typed_plan(run: Run, plan: Plan, seen: sample.Sample, wishes: schema.Wishes, *, tell_names: bool = True) -> Plan:
    """The plan with names and types of the columns."""
    texts, guesses = _typed_sample(run, plan, seen)
    given = [schema.given_name(name, quote=plan.dialect.quote) if plan.dialect.header else "" for name in guesses]
    names = schema.unique_names([usable_name(name) for name in given])
    if plan.dialect.header and tell_names:
        _tell_names(run, names, given)
    final = dict(zip(guesses, names, strict=True))
    decided = schema.infer(texts, guesses, _by_file_name(wishes, final))
    _tell_types(run, decided, final)
    return replace(plan, names=tuple(names), schema=decided)


def _by_file_name(wishes: schema.Wishes, final: Mapping[str, str]) -> schema.Wishes:
    """The wishes with types by the names that Polars gives the columns."""
    unknown = [name for name in wishes.dtypes if name not in final.values()]
    if unknown:
        raise InputError(
            f"read_options.dtypes names the column {schema.shown(unknown[0])}, which the table does not have.",
            advice="Names are case-sensitive.",
        )
    return replace(wishes, dtypes={old: wishes.dtypes[new] for old, new in final.items() if new in wishes.dtypes})


def _tell_types(run: Run, decided: schema.Schema, final: Mapping[str, str]) -> None:
    for column, marker in decided.markers.items():
        if marker:
            name = schema.shown(final[column])
            run.warn("null_marker", f"In column {name} the word {marker!r} stands for a missing value.")
    for column, style in decided.numbers.items():
        name = schema.shown(final[column])
        if style.decimal != "." or style.thousands:
            run.warn("numbers", f"The numbers of column {name} are written as {style.shown}.")
        if words := [word for word in style.nulls if word]:
            run.warn("null_marker", f"In column {name} missing values are written as {', '.join(map(repr, words))}.")
    for column in decided.unsure_numbers:
        run.warn(
            "numbers_as_text",
            f"The numbers of column {schema.shown(final[column])} may be thousands or decimals (1,234 or 1.234);"
            " read as text. Set read_options.decimal.",
        )
    _tell_digits(run, decided, final)
    for column in decided.unsure_dates:
        run.warn(
            "dates_as_text",
            f"Column {schema.shown(final[column])} has dates that are not all YYYY-MM-DD; read as text.",
        )
    for column in decided.mixed:
        run.warn("types", f"Column {schema.shown(final[column])} holds values of several types; read as text.")


def _tell_digits(run: Run, decided: schema.Schema, final: Mapping[str, str]) -> None:
    for column in decided.leading_zeros:
        run.warn(
            "leading_zeros",
            f"Values of column {schema.shown(final[column])} begin with zeros, which numbers would lose; read as text."
            " Set read_options.dtypes if they are numbers.",
        )
    for column in decided.leading_plus:
        run.warn(
            "leading_plus",
            f"Values of column {schema.shown(final[column])} begin with +, which numbers would lose; read as text."
            " Set read_options.dtypes if they are numbers.",
        )
    for column in decided.long_numbers:
        run.warn(
            "long_numbers",
            f"The numbers of column {schema.shown(final[column])} have more digits than floats keep apart; read"
            " as text. Set read_options.dtypes to read them as floats.",
        )
    for column, count in decided.rounded.items():
        run.warn(
            "rounded",
            f"Column {schema.shown(final[column])} has numbers of more digits than a float keeps ({count:,} of those"
            " that were looked at); they are rounded. Set read_options.dtypes to read them as text.",
        )
    for column in decided.unsure_moments:
        run.warn(
            "dates_as_text",
            f"Column {schema.shown(final[column])} has moments that are too fine or too far away for a type; read as"
            " text.",
        )


def _tell_names(run: Run, names: list[str], given: list[str]) -> None:
    for number, (name, old) in enumerate(zip(names, given, strict=True), start=1):
        if old and usable_name(old) != old:
            run.warn(
                "column_names", f"The name of column {number} cannot be shown; it is shown as {schema.shown(name)}."
            )
        elif "_duplicated_" in name:
            run.warn(
                "column_names", f"Column {number} has a name that comes twice; it is shown as {schema.shown(name)}."
            )
        elif name == f"column_{number}":
            run.warn("column_names", f"Column {number} has no name; it is shown as {schema.shown(name)}.")


def _typed_sample(run: Run, plan: Plan, seen: sample.Sample) -> tuple[pl.DataFrame, dict[str, pl.DataType]]:
    """The sample as text, and what Polars takes a thin part of it for; of the head alone where the spots do not fit."""
    newline, quote = plan.newline.encode(), plan.dialect.quote
    head = seen.lines(newline)
    options = {**plan.options(), "truncate_ragged_lines": True, "encoding": "utf8-lossy"}
    nulls = [*plan.nulls, ""]
    names = pl.read_csv(head, infer_schema=False, n_rows=0, **options).columns
    check_count(len(names))
    untold = False
    for text, thin in ((seen.spread(newline, quote), seen.thin(newline, quote)), (head, head)):
        try:
            texts = pl.read_csv(text, infer_schema=False, **options, null_values=list(plan.nulls) or None)
        except pl.exceptions.PolarsError:
            continue  # quotes, which are mended where the whole is read
        try:
            return texts, _guesses(thin, texts, {**options, "null_values": nulls})
        except pl.exceptions.PolarsError:
            untold = True
    if untold:
        run.warn("types", "The types of the columns could not be told; all are read as text.")
    return pl.DataFrame(schema=dict.fromkeys(names, pl.String())), dict.fromkeys(names, pl.String())


def _guesses(thin: bytes, texts: pl.DataFrame, options: Mapping[str, Any]) -> dict[str, pl.DataType]:
    """What Polars takes the columns for; those with digits beyond its widest numbers are no question to it."""
    beyond = texts.select((pl.all().str.len_bytes() > _WIDEST) & pl.all().str.contains(r"^[+-]?\d+$")).select(
        pl.all().any()
    )
    known = {name: pl.String() for name in texts.columns if beyond[name][0]}
    # An empty text between quotes is missing too, where it is no text.
    typed = pl.read_csv(
        thin, infer_schema_length=None, try_parse_dates=True, schema_overrides=known or None, **options
    ).schema
    return {name: typed[name] for name in texts.columns}
