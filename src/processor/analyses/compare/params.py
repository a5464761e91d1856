from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from processor.reading import ReadOptions

ColumnName = Annotated[str, Field(min_length=1, max_length=1000)]


class Closeness(BaseModel):
    """When two values of a column count as equal."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    absolute: float = Field(default=0, ge=0, description="Numbers may differ by so much; times by so many seconds.")
    relative: float = Field(default=0, ge=0, description="And by this share of the right value.")
    ignore_case: bool = Field(default=False, description="Texts that differ in upper and lower case are equal.")
    ignore_spaces: bool = Field(default=False, description="Texts that differ in white space at their ends are equal.")

    @property
    def is_loose(self) -> bool:
        """True where values that differ may be close enough."""
        return self.absolute > 0 or self.relative > 0


# As JSON Schema, for the gateway: closeness above 0, of all columns or of one.
_LOOSE: list[JsonValue] = [
    {"required": [name], "properties": {name: {"type": "number", "exclusiveMinimum": 0}}}
    for name in ("absolute", "relative")
]
_ANY_LOOSE: dict[str, JsonValue] = {"type": "object", "not": {"additionalProperties": {"not": {"anyOf": _LOOSE}}}}


class CompareParams(Closeness):
    """How two tables are compared."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"anyOf": [*_LOOSE, {"required": ["by_column"], "properties": {"by_column": _ANY_LOOSE}}]},
            "then": {"required": ["keys"], "properties": {"keys": {"type": "array"}}},
        }
    )

    keys: Annotated[list[ColumnName], Field(min_length=1, max_length=50)] | None = Field(
        default=None, description="Columns that say which rows belong together. Left out: whole rows are matched."
    )
    columns: Annotated[list[ColumnName], Field(min_length=1)] | None = Field(
        default=None, description="Compare these columns (and the keys) alone. Left out: all that both tables have."
    )
    ignore: list[ColumnName] = Field(default=[], description="Columns that are not compared.")
    by_column: Annotated[dict[ColumnName, Closeness], Field(max_length=1000)] = Field(
        default={}, description="Other closeness for single columns."
    )
    examples: int = Field(default=5, ge=0, le=100, description="How many examples to show of each sort of difference.")
    differences: int = Field(
        default=100_000, ge=0, le=1_000_000, description="At most so many differing rows in the artifact; 0 for none."
    )
    drift: bool = Field(default=True, description="Tell how the values of each column have shifted as a whole.")
    left_options: ReadOptions = Field(default_factory=ReadOptions, description="How to read `left`.")
    right_options: ReadOptions = Field(default_factory=ReadOptions, description="How to read `right`.")

    @model_validator(mode="after")
    def _tolerates_only_what_is_matched(self) -> "CompareParams":
        if self.keys is None and any(one.is_loose for one in (self, *self.by_column.values())):
            raise ValueError("absolute and relative need keys: whole rows are equal or not")
        return self

    def closeness(self, column: str) -> Closeness:
        """What holds for a column."""
        by_column: Mapping[str, Closeness] = self.by_column
        return by_column.get(column, self)
