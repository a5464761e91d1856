from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from processor.writing.form import CsvForm, Form
from processor.writing.formats import FORMATS, Compression, Format, FormatName

DEFAULT: Final[FormatName] = "parquet"


class CsvOptions(BaseModel):
    """How CSV is written."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "if": {"required": ["decimal_comma"], "properties": {"decimal_comma": {"const": True}}},
            "then": {"required": ["delimiter"], "properties": {"delimiter": {"pattern": "^[^,]$"}}},
        },
    )

    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1, pattern=r"^[\t !#-*,/;-@\[-`{-~]$")] = (
        Field(
            default=",",
            description="One ASCII character between two fields; none that numbers and times are written with.",
        )
    )
    header: bool = Field(default=True, description="Whether the first line holds the names of the columns.")
    decimal_comma: bool = Field(default=False, description="Write 1,5 and not 1.5; with another delimiter than `,`.")
    null_value: Annotated[str, StringConstraints(max_length=40)] = Field(
        default="", description="What stands for a missing value."
    )
    bom: bool = Field(default=False, description="Begin with a byte order mark, which older Excel wants for UTF-8.")

    @model_validator(mode="after")
    def _is_readable(self) -> Self:
        if self.decimal_comma and self.delimiter == ",":
            raise ValueError("decimal_comma needs another delimiter than a comma")
        return self


def _compressions(made: Format) -> JsonValue:
    is_meant: dict[str, JsonValue] = {"properties": {"format": {"const": made.name}}}
    if made.name != DEFAULT:
        is_meant["required"] = ["format"]
    return {"if": is_meant, "then": {"properties": {"compression": {"enum": [*made.compressions, None]}}}}


# What does not go together, as JSON Schema: the gateway has that alone.
_PLAIN_CSV: Final[JsonValue] = {
    "properties": {name: {"const": field.default} for name, field in CsvOptions.model_fields.items()}
}
TOGETHER: Final[list[JsonValue]] = [
    *map(_compressions, FORMATS.values()),
    {
        "if": {"required": ["csv"], "properties": {"csv": {"not": _PLAIN_CSV}}},
        "then": {"required": ["format"], "properties": {"format": {"const": "csv"}}},
    },
]


class OutputParams(BaseModel):
    """The params of a kind that writes a table: what file it becomes."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"allOf": TOGETHER})

    format: FormatName = Field(default=DEFAULT, description="The format to write.")
    compression: Compression | None = Field(
        default=None,
        description="parquet: zstd, snappy, gzip, lz4, none; csv, tsv, ndjson: none, gzip, zstd; arrow: zstd, lz4,"
        " none; avro: deflate, snappy, none. Left out: the first of them.",
    )
    csv: CsvOptions = Field(default_factory=CsvOptions, description="How CSV is written.")
    escape_formulas: bool = Field(
        default=True,
        description="Put an apostrophe before text in CSV and TSV that a spreadsheet would compute (= + - @).",
    )

    @model_validator(mode="after")
    def _can_be_written(self) -> Self:
        offered = FORMATS[self.format].compressions
        if self.compression is not None and self.compression not in offered:
            raise ValueError(f"{self.format} is compressed by one of: {', '.join(offered)}")
        if self.format != "csv" and self.csv != CsvOptions():
            raise ValueError("csv is for the format csv")
        return self

    @property
    def form(self) -> Form:
        """What to write."""
        csv = CsvForm(**self.csv.model_dump()) if self.format == "csv" else CsvForm()
        compression = self.compression or FORMATS[self.format].compressions[0]
        return Form(format=self.format, compression=compression, escape_formulas=self.escape_formulas, csv=csv)
