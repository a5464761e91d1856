"""What went wrong inside Polars, without its words: they quote the file, and an error text must hold no data."""

import re
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from common.errors import InputError

_COLUMN = re.compile(r"\(column number (\d+)\)")
_IN_COLUMN = re.compile(r"in column '(.*?)' for \d+ out of \d+ values")
# Types that Polars does not have: decimals of 256 bits, intervals, unions, run-end encoding; Avro's maps and unions.
_UNSUPPORTED = re.compile(
    "does not support primitive `Int256`|^precision must be between|month_day_nano_interval|not supported by Polars"
    "|^not yet implemented"
)
_ROWS = re.compile(r"more than 2\^32 rows|maximum length reached")
_AS_TEXT = re.compile(r"as dtype `str` at column")


class Fault(StrEnum):
    """What a reader can do something about, or can at least name."""

    TYPE = "type"
    FIELDS = "fields"
    ENCODING = "encoding"
    QUOTE = "quote"
    EMPTY = "empty"
    TRUNCATED = "truncated"
    UNSUPPORTED = "unsupported"
    TWICE = "twice"
    ROWS = "rows"
    UNREADABLE = "unreadable"


class SchemaMovedError(Exception):
    """All of the file was looked at, and it has other columns or types than its beginning: start again with them."""


class JoinedRowsError(Exception):
    """Polars would make one row of several, without a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """A fault, and the number (from 0) or the name of the column that it was seen in, where that is known."""

    fault: Fault
    column: int | None = None
    name: str | None = None


def is_about_the_file(error: BaseException) -> bool:
    """True for what Polars raises over bytes that it cannot read; False for our own mistakes and for signals.

    A panic inside Polars is a BaseException that is no Exception and has no public class; it is known by its name.
    """
    about = (pl.exceptions.PolarsError, OSError, SchemaMovedError, JoinedRowsError)
    return isinstance(error, about) or type(error).__name__ == "PanicException"


def diagnose(error: BaseException) -> Diagnosis:
    """Tell which fault an error of Polars stands for."""
    if isinstance(error, JoinedRowsError):
        return Diagnosis(fault=Fault.QUOTE)
    text = str(error)
    column = _COLUMN.search(text)
    number = int(column[1]) - 1 if column else None
    if styled := _IN_COLUMN.search(text):
        return Diagnosis(fault=Fault.TYPE, name=styled[1])
    if "could not parse" in text:
        return Diagnosis(fault=Fault.QUOTE if _AS_TEXT.search(text) else Fault.TYPE, column=number)
    if "found more fields" in text or "not specified in schema" in text:
        return Diagnosis(fault=Fault.FIELDS)
    if "utf-8" in text or "utf8" in text:
        return Diagnosis(fault=Fault.ENCODING)
    return Diagnosis(fault=_fault_of_the_whole(error, text))


def _fault_of_the_whole(error: BaseException, text: str) -> Fault:
    if isinstance(error, pl.exceptions.NoDataError):
        return Fault.EMPTY
    if _UNSUPPORTED.search(text):
        return Fault.UNSUPPORTED
    if isinstance(error, pl.exceptions.DuplicateError):
        return Fault.TWICE
    if _ROWS.search(text):
        return Fault.ROWS
    cut_off = isinstance(error, OSError) and ("end of file" in text or "incomplete" in text)
    return Fault.TRUNCATED if cut_off else Fault.UNREADABLE


def as_input_error(diagnosis: Diagnosis) -> InputError:
    """The sentence for a fault that no reader can mend."""
    message, advice = _SENTENCES[diagnosis.fault]
    where = f" (column {diagnosis.column + 1})" if diagnosis.column is not None else ""
    return InputError(message.format(where=where), advice=advice)


_SENTENCES = {
    Fault.TYPE: ("A column{where} holds values that do not fit its type.", "Hand in the file with one type a column."),
    Fault.FIELDS: (
        "Some lines have more fields than the first.",
        "Check the delimiter, or set read_options.delimiter.",
    ),
    Fault.ENCODING: ("The text is in an encoding that could not be told.", "Set read_options.encoding."),
    Fault.QUOTE: (
        "A field{where} opens a quote that is not closed, or holds quotes that are not doubled.",
        "Mend the line, or set read_options.quote to an empty string to read quotes as plain characters.",
    ),
    Fault.EMPTY: ("The file holds no table.", "Hand in a file with at least a line of column names."),
    Fault.TRUNCATED: ("The file ends too early: its compressed data is not complete.", "Upload it again."),
    Fault.UNSUPPORTED: (
        "The file has a column of a type that cannot be read.",
        "Save it otherwise: decimals of more than 38 digits, intervals, unions, run-end encoding are not read.",
    ),
    Fault.TWICE: ("The file has two columns of one name.", "Give each a name of its own."),
    Fault.ROWS: ("The file has more rows than can be read: 4,294,967,295.", "Hand in a part of them."),
    Fault.UNREADABLE: (
        "The file is damaged or not what it seems to be.",
        "Check that it opens elsewhere, or upload it again.",
    ),
}
