"""What to write: the format, and what a caller may choose about it."""

from dataclasses import dataclass, field

from processor.writing.formats import FORMATS, Compression, Format, FormatName


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvForm:
    """How CSV is written.

    Attributes:
        delimiter: one character between two fields; None: the format's own.
        header: whether the first line holds the names.
        decimal_comma: 1,5 and not 1.5.
        null_value: what stands for a missing value.
        bom: whether the file begins with a byte order mark.
    """

    delimiter: str | None = None
    header: bool = True
    decimal_comma: bool = False
    null_value: str = ""
    bom: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What to write.

    Attributes:
        format: one of `FORMATS`.
        compression: one of the format's.
        escape_formulas: whether text that a spreadsheet would compute gets an apostrophe (CSV and TSV).
        csv: how CSV is written.
    """

    format: FormatName
    compression: Compression
    escape_formulas: bool = True
    csv: CsvForm = field(default_factory=CsvForm)

    @property
    def made(self) -> Format:
        """The format's description."""
        return FORMATS[self.format]

    @property
    def media_type(self) -> str:
        """Of the file."""
        return self.made.type_of(self.compression)

    def filename(self, stem: str) -> str:
        """Of the file."""
        return self.made.filename(stem, self.compression)
