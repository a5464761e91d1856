from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from processor.analyses.validate.moment import Moment
from processor.analyses.validate.rules import AnyRule
from processor.reading import ReadOptions


class ValidateParams(BaseModel):
    """What a validation may be asked for."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={  # the gateway has this alone, and refuses what asks for nothing
            "if": {"not": {"required": ["suggest"], "properties": {"suggest": {"const": True}}}},
            "then": {"required": ["rules"], "properties": {"rules": {"minItems": 1}}},
        },
    )

    rules: Annotated[list[AnyRule], Field(max_length=500)] = Field(
        default=[], description="What must hold. May be empty where `suggest` is true."
    )
    suggest: bool = Field(
        default=False,
        description="Derive rules that hold on this data, in a form to be submitted as `rules`.",
    )
    examples: int = Field(default=5, ge=0, le=100, description="How many rows that break a rule to show of each rule.")
    failing_rows: int = Field(
        default=10_000,
        ge=0,
        le=1_000_000,
        description="At most so many failing rows in the artifact; 0 for none.",
    )
    now: Moment | None = Field(
        default=None, description="The time that freshness is measured against. Left out: when the analysis starts."
    )
    read_options: ReadOptions = Field(default_factory=ReadOptions, description="How to read `data`.")
    reference_options: ReadOptions = Field(default_factory=ReadOptions, description="How to read `reference`.")

    @model_validator(mode="after")
    def _asks_for_something(self) -> "ValidateParams":
        if not self.rules and not self.suggest:
            raise ValueError("give rules, or set suggest")
        return self

    def now_or(self, moment: datetime) -> datetime:
        """The given time, else `moment`; without a zone it is UTC."""
        return aware(self.now or moment)


def aware(moment: datetime) -> datetime:
    """A time with a zone; one without is UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
