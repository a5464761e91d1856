from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from processor.guard.parsing import LONGEST_TEXT
from processor.reading import ReadOptions

Format = Literal["parquet", "csv", "ndjson", "arrow"]


class QueryParams(BaseModel):
    """What to ask, and how to give the answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sql: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT)] = Field(
        description="One SELECT, or WITH … SELECT. The names of the inputs are the names of the tables."
    )
    format: Format = Field(default="parquet", description="What the artifact with the whole answer is.")
    preview_rows: int = Field(default=100, ge=0, le=1000, description="How many first rows the result shows.")
    max_rows: int | None = Field(
        default=None, ge=1, description="Keep at most so many rows of the answer; left out: all."
    )
    neutralise_formulas: bool = Field(
        default=True,
        description="In CSV, put an apostrophe before texts that a spreadsheet would run as a formula. Numbers stay.",
    )
    read_options: Mapping[str, ReadOptions] = Field(
        default={}, description="How to read the inputs, by their names; left out: found out from each file."
    )
