from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from processor.param_bounds import MOST_WHOLE

OneByte = Annotated[str, StringConstraints(min_length=1, max_length=1, pattern=r"^[\t !#-~]$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Marker = Annotated[str, StringConstraints(max_length=100)]
TypeName = Literal["text", "integer", "float", "boolean", "date", "datetime", "time"]


class ReadOptions(BaseModel):
    """How to read one file. What is left out is found out from the file itself, and said in the result's `warnings`.

    Every kind takes the same model, one for each of its inputs. An option that means nothing for a file's format has
    no effect.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["csv", "json", "parquet", "arrow", "avro", "excel"] | None = Field(
        default=None,
        description="What the file is, unpacked. Left out: found out from its first bytes, never from its name.",
    )
    member: Name | None = Field(default=None, description="Which file of a zip archive is the table, by its full name.")
    sheet: Name | Annotated[int, Field(ge=-MOST_WHOLE, le=MOST_WHOLE)] | None = Field(
        default=None, description="Which sheet of a spreadsheet: its name, or its number from 1. Left out: the first."
    )
    rows_under: Annotated[str, StringConstraints(max_length=1000)] | None = Field(
        default=None,
        description="Of JSON that is one object: the name of the list in it that holds the rows; empty if the object"
        " is a row itself. Left out: found out.",
    )
    delimiter: OneByte | None = Field(
        default=None, description="The one ASCII character between two fields of a line: `,`, `;`, a tab, `|` …"
    )
    quote: Annotated[str, StringConstraints(max_length=1, pattern=r"^[!-~]?$")] | None = Field(
        default=None, description='The character around fields that hold delimiters; empty for none. Left out: `"`.'
    )
    header: bool | None = Field(default=None, description="Whether the first line holds the names of the columns.")
    encoding: Literal["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1"] | None = Field(
        default=None, description="The character encoding of a text file."
    )
    skip_rows: int | None = Field(
        default=None, ge=0, le=1_000_000, description="How many lines (of a sheet: rows) stand before the table."
    )
    comment: Annotated[str, StringConstraints(max_length=5, pattern=r"^[!-~]*$")] | None = Field(
        default=None, description="What lines begin with that are comments; empty for none."
    )
    null_values: Annotated[tuple[Marker, ...], Field(max_length=100)] | None = Field(
        default=None, description="Texts that stand for a missing value, in every column of text."
    )
    decimal: Literal[".", ","] | None = Field(default=None, description="What stands before the decimals of numbers.")
    thousands: Literal["", ",", ".", " ", "'"] | None = Field(
        default=None, description="What stands between the thousands of numbers; empty for nothing."
    )
    dtypes: Annotated[dict[Name, TypeName], Field(max_length=1000)] | None = Field(
        default=None, description="Types of columns, by name, in any format. A value that does not fit ends the task."
    )
