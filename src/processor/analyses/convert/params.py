from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from processor.analyses.convert.types import TYPE_PATTERN
from processor.param_bounds import MOST_ROWS
from processor.reading.options import ReadOptions
from processor.writing.formats import FormatName
from processor.writing.output import TOGETHER, OutputParams

ColumnName = Annotated[str, StringConstraints(max_length=4096)]
TypeName = Annotated[str, StringConstraints(pattern=TYPE_PATTERN)]
CastErrors = Literal["fail", "null", "exact"]
MOST_COLUMNS = 10_000
PARTED: frozenset[FormatName] = frozenset({"parquet", "csv", "tsv", "ndjson", "arrow"})


class SortBy(BaseModel):
    """One column to sort by."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: ColumnName = Field(description="Name of the column, as it is in the file.")
    descending: bool = False
    nulls_last: bool = True


class ConvertParams(OutputParams):
    """What to write, and what to do before: cast, filter, dedupe, sort, select, rename, limit, in this order."""

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [
                *TOGETHER,
                {
                    "if": {
                        "required": ["partition_by"],
                        "properties": {"partition_by": {"type": "array", "minItems": 1}},
                    },
                    "then": {"properties": {"format": {"enum": [*sorted(PARTED)]}}},
                },
            ]
        }
    )

    cast: dict[ColumnName, TypeName] = Field(
        default_factory=dict, max_length=MOST_COLUMNS, description="Types that columns shall have, by their names."
    )
    cast_errors: CastErrors = Field(
        default="fail",
        description="What a value that cannot be cast does: fail the task, or become null and be counted. One that"
        " becomes another value (a fraction that is cut, say) is counted; with exact it fails the task too.",
    )
    filter: Annotated[str, StringConstraints(min_length=1, max_length=20_000)] | None = Field(
        default=None, description="An SQL expression; rows for which it is not true are left out."
    )
    dedupe: bool | Annotated[list[ColumnName], Field(min_length=1, max_length=100)] = Field(
        default=False, description="Keep the first of rows that are equal: in all columns, or in these."
    )
    sort: Annotated[list[SortBy], Field(max_length=20)] = Field(default_factory=list, description="What to sort by.")
    columns: Annotated[list[ColumnName], Field(min_length=1, max_length=MOST_COLUMNS)] | None = Field(
        default=None, description="The columns to write, in this order. Left out: all."
    )
    rename: dict[ColumnName, ColumnName] = Field(
        default_factory=dict, max_length=MOST_COLUMNS, description="New names of columns, by their old ones."
    )
    limit: int | None = Field(default=None, ge=0, le=MOST_ROWS, description="At most so many rows.")
    partition_by: Annotated[list[ColumnName], Field(max_length=5)] = Field(
        default_factory=list,
        description="Columns that part the table into files of their own (`year=2013/…`), together in one ZIP archive."
        " Not for json, avro and xlsx.",
    )
    read_options: ReadOptions = Field(default_factory=ReadOptions, description="How to read the file.")

    @model_validator(mode="after")
    def _can_be_parted(self) -> Self:
        if self.partition_by and self.format not in PARTED:
            raise ValueError(f"partition_by works with {', '.join(sorted(PARTED))}")
        return self
