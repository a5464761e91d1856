from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

OneByte = Annotated[str, StringConstraints(min_length=1, max_length=1, pattern=r"^[\t !#-~]$")]


class ReadOptions(BaseModel):
    """How to read the file. What is left out is found out from the file itself, and said in the result's `warnings`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["csv", "parquet"] | None = Field(
        default=None, description="What the file is. Left out: found out from its first bytes, never from its name."
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
