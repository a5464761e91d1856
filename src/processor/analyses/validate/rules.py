"""The rules that a table can be checked against: one model each, told apart by `rule`."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from processor.analyses.validate.moment import Moment
from processor.param_bounds import MOST_WHOLE

Text = Annotated[str, Field(max_length=1000)]
ColumnName = Annotated[str, Field(min_length=1, max_length=1000, description="A column's name, exactly as it is.")]
Value = bool | int | float | Text
Count = Annotated[int, Field(ge=0, le=MOST_WHOLE)]
Severity = Literal["error", "warning", "info"]
TypeName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        description="`text`, `integer`, `float`, `number`, `boolean`, `date`, `datetime`, `time`, "
        "a size such as `int32`, or a type as Polars calls it.",
    ),
]


class Rule(BaseModel):
    """What every rule may say."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="What the result calls the rule. Left out: made from the rule and its columns."
    )
    severity: Severity = Field(
        default="error",
        description="What breaking it means: `error` fails the whole, `warning` warns, `info` is noted and no more.",
    )


class RowRule(Rule):
    """A rule that every row keeps or breaks by itself."""

    tolerance_share: float = Field(default=0, ge=0, le=1, description="This share of the checked rows may break it.")
    tolerance_count: Count = Field(default=0, description="So many rows may break it; of both, the larger.")
    where: Annotated[str, Field(min_length=1, max_length=4000)] | None = Field(
        default=None, description="Check only rows for which this SQL expression is true."
    )


class ValueRule(RowRule):
    """A rule about the values of one column."""

    column: ColumnName
    nulls: Literal["pass", "fail"] = Field(default="pass", description="Whether a missing value keeps the rule.")


class NotNull(RowRule):
    """No value is missing."""

    rule: Literal["not_null"]
    column: ColumnName


class Unique(RowRule):
    """No two rows have the same values in these columns."""

    rule: Literal["unique"]
    columns: list[ColumnName] = Field(min_length=1, max_length=50, description="One column, or several together.")
    nulls: Literal["ignore", "equal"] = Field(
        default="ignore", description="Rows with a missing value are left out, as in SQL, or nulls are equal."
    )


class InSet(ValueRule):
    """Every value is one of these."""

    rule: Literal["in_set"]
    values: list[Value] = Field(min_length=1, max_length=10_000, description="Times as ISO 8601.")
    negate: bool = Field(default=False, description="None of these, instead.")


class Between(ValueRule):
    """Every value lies between two bounds; NaN lies between none."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"required": [name], "properties": {name: {"type": ["boolean", "number", "string"]}}}
                for name in ("min", "max")
            ]
        }
    )

    rule: Literal["between"]
    min: Value | None = Field(default=None, description="The lowest value; left out: none. Times as ISO 8601.")
    max: Value | None = Field(default=None, description="The highest value; left out: none.")
    inclusive: Literal["both", "min", "max", "neither"] = Field(default="both", description="Which bounds are in.")

    @model_validator(mode="after")
    def _has_a_bound(self) -> "Between":
        if self.min is None and self.max is None:
            raise ValueError("give min, max or both")
        return self


class Regex(ValueRule):
    """Every text matches a regular expression."""

    rule: Literal["regex"]
    pattern: Annotated[str, Field(min_length=1, max_length=1000)] = Field(
        description="Found anywhere in the text; `^` and `$` tie it to the ends. No look-around, no back-references."
    )
    negate: bool = Field(default=False, description="No text matches, instead.")


class Length(ValueRule):
    """Every text has so many characters."""

    rule: Literal["length"]
    min: Count = 0
    max: Count | None = None


class Type(ValueRule):
    """Every value is of a type."""

    rule: Literal["type"]
    type: TypeName
    strict: bool = Field(
        default=False, description="The column itself has the type; else a text that can be read as such will do."
    )


class Monotonic(RowRule):
    """Every value is at or beyond the one before it, in the order of the rows; missing values are passed over."""

    rule: Literal["monotonic"]
    column: ColumnName
    direction: Literal["increasing", "decreasing"] = "increasing"
    strictly: bool = Field(default=False, description="No value equals the one before it.")


class ForeignKey(RowRule):
    """Every value is found in a second table; a row with a missing value in the key is passed over."""

    rule: Literal["foreign_key"]
    columns: list[ColumnName] = Field(min_length=1, max_length=50)
    reference_columns: list[ColumnName] | None = Field(
        default=None, min_length=1, max_length=50, description="Left out: those of the same names."
    )

    @model_validator(mode="after")
    def _pairs(self) -> "ForeignKey":
        if self.reference_columns is not None and len(self.reference_columns) != len(self.columns):
            raise ValueError("columns and reference_columns are as many")
        return self


class Expression(RowRule):
    """An SQL expression is true of every row."""

    rule: Literal["expression"]
    expression: Annotated[str, Field(min_length=1, max_length=4000, description="For example `price > 0`.")]
    nulls: Literal["pass", "fail"] = Field(
        default="pass", description="Whether a row for which it is unknown keeps the rule, as with CHECK in SQL."
    )


class SchemaColumn(BaseModel):
    """One column that is wanted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ColumnName
    type: TypeName | None = None


class Schema(Rule):
    """The table has these columns."""

    rule: Literal["schema"]
    columns: list[SchemaColumn] = Field(min_length=1, max_length=5000)
    order: bool = Field(default=False, description="They come in this order.")
    extra: bool = Field(default=True, description="There may be others.")


class RowCount(Rule):
    """The table has so many rows."""

    rule: Literal["row_count"]
    min: Count = 0
    max: Count | None = None


class Freshness(Rule):
    """The newest value of a column is not too old."""

    rule: Literal["freshness"]
    column: ColumnName
    max_age_s: float = Field(gt=0, description="Seconds that the newest value may lie before `now`.")
    now: Moment | None = Field(default=None, description="Against this time. Left out: the `now` of the params.")


AnyRule = Annotated[
    NotNull
    | Unique
    | InSet
    | Between
    | Regex
    | Length
    | Type
    | Monotonic
    | ForeignKey
    | Expression
    | Schema
    | RowCount
    | Freshness,
    Field(discriminator="rule"),
]


def columns_of(rule: AnyRule) -> tuple[str, ...]:
    """The columns that a rule names, in its own order; those of an expression are not known here."""
    match rule:
        case Unique() | ForeignKey():
            return tuple(rule.columns)
        case Expression() | Schema() | RowCount():
            return ()
        case _:
            return (rule.column,)


def name_of(rule: AnyRule) -> str:
    """What the result calls the rule."""
    if rule.name is not None:
        return rule.name
    match rule:
        case Expression():
            return f"expression {rule.expression}"[:200]
        case _:
            return " ".join([rule.rule, ", ".join(columns_of(rule))]).strip()[:200]
