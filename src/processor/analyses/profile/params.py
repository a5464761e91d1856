from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from processor.analyses.profile.alerts import THRESHOLDS
from processor.reading import ReadOptions

Quantile = Annotated[float, Field(ge=0, le=1)]


class ProfileParams(BaseModel):
    """What to find out about the table, and how to read it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: Annotated[tuple[str, ...], Field(min_length=1)] | None = Field(
        default=None, description="The columns to profile, by name; left out: all, in the file's order."
    )
    top_k: int = Field(default=10, ge=1, le=100, description="How many of the most frequent values to list a column.")
    quantiles: Annotated[tuple[Quantile, ...], Field(min_length=1, max_length=100)] = Field(
        default=(0.05, 0.25, 0.5, 0.75, 0.95), description="Which quantiles to give, each between 0 and 1."
    )
    histogram_bins: int = Field(default=20, ge=1, le=200, description="At most so many bins a histogram.")
    sample_rows: int = Field(
        default=10_000,
        ge=100,
        le=100_000,
        description="How many first rows the estimate is made of that is shown within a second.",
    )
    examples: int = Field(default=5, ge=0, le=20, description="How many rows of the table to show as examples.")
    duplicates: bool = Field(default=True, description="Count the rows that repeat an earlier one.")
    patterns: bool = Field(
        default=True, description="Find what texts mean (dates, e-mail, IBAN …) and how they are built."
    )
    correlations: bool = Field(
        default=True, description="Say which columns go together, and which are missing together."
    )
    running: bool = Field(default=True, description="Show estimates while the pass over the table runs.")
    thresholds: Mapping[str, float] = Field(
        default_factory=dict,
        description="From where on an alert speaks, by its code; left out: its own threshold.",
        json_schema_extra={"propertyNames": {"enum": [*THRESHOLDS]}},
    )
    read_options: ReadOptions = Field(
        default=ReadOptions(), description="How to read the file; left out: found out from the file."
    )

    @field_validator("thresholds")
    @classmethod
    def _known(cls, thresholds: Mapping[str, float]) -> Mapping[str, float]:
        for code in thresholds:
            if code not in THRESHOLDS:
                raise ValueError(f"there is no alert {code[:80]!r}; there are {', '.join(THRESHOLDS)}")
        return thresholds
