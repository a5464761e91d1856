from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, StringConstraints

from processor.guard.parsing import LONGEST_TEXT
from processor.param_bounds import MOST_ROWS
from processor.reading import ReadOptions
from processor.writing.output import OutputParams


class QueryParams(OutputParams):
    """What to ask, and how to give the answer."""

    sql: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT)] = Field(
        description="One SELECT, or WITH … SELECT. The names of the inputs are the names of the tables."
    )
    preview_rows: int = Field(default=100, ge=0, le=1000, description="How many first rows the result shows.")
    max_rows: int | None = Field(
        default=None, ge=1, le=MOST_ROWS, description="Keep at most so many rows of the answer; left out: all."
    )
    read_options: Mapping[str, ReadOptions] = Field(
        default={}, description="How to read the inputs, by their names; left out: found out from each file."
    )
