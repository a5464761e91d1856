"""Text that a spreadsheet would take for a formula.

A cell of a CSV file that begins with one of `= + - @`, a tab or a carriage return is computed when a spreadsheet opens
the file, and can send other cells away (OWASP, "CSV Injection"); also behind a byte order mark, which is no part of the
cell where the file begins. A leading apostrophe makes it text. A number is harmless and stays as it is.
"""

from typing import Final

import polars as pl

DANGEROUS: Final = r"^\x{FEFF}*[=+\-@\t\r\n＝＋－＠]"  # noqa: RUF001 - the full-width forms are meant
A_NUMBER: Final = r"^[+-]?(\d[\d ,._]*)?\d(\.\d*)?([eE][+-]?\d+)?%?$"


def is_formula(text: pl.Expr) -> pl.Expr:
    """Whether a text would be computed."""
    return text.str.contains(DANGEROUS) & ~text.str.contains(A_NUMBER)


def defused(text: pl.Expr) -> pl.Expr:
    """The text, with an apostrophe before it where it would be computed."""
    return pl.when(is_formula(text)).then(pl.concat_str(pl.lit("'"), text)).otherwise(text)
