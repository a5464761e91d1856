"""The formats that a table can be written in."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

FormatName: TypeAlias = Literal["parquet", "csv", "tsv", "ndjson", "json", "arrow", "avro", "xlsx"]
Compression: TypeAlias = Literal["none", "gzip", "zstd", "snappy", "lz4", "deflate"]

_SUFFIXES: Final = MappingProxyType({"gzip": ".gz", "zstd": ".zst"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One format.

    Attributes:
        name: as a caller asks for it.
        suffix: of its files.
        media_type: of its bytes where they are not compressed as a whole.
        compressions: what it can be compressed with, the first unless another is asked for.
        is_wrapped: compression is around the file, and shows in its name, not inside of it.
    """

    name: FormatName
    suffix: str
    media_type: str
    compressions: tuple[Compression, ...]
    is_wrapped: bool = False

    def filename(self, stem: str, compression: Compression) -> str:
        """The name of a file of this format."""
        return stem + self.suffix + (_SUFFIXES.get(compression, "") if self.is_wrapped else "")

    def type_of(self, compression: Compression) -> str:
        """The media type of a file."""
        if not self.is_wrapped or compression == "none":
            return self.media_type
        return f"application/{compression}"


_WRAPPED: Final = ("none", "gzip", "zstd")

FORMATS: Final[Mapping[FormatName, Format]] = MappingProxyType(
    {
        made.name: made
        for made in (
            Format(
                name="parquet",
                suffix=".parquet",
                media_type="application/vnd.apache.parquet",
                compressions=("zstd", "snappy", "gzip", "lz4", "none"),
            ),
            Format(
                name="csv", suffix=".csv", media_type="text/csv; charset=utf-8", compressions=_WRAPPED, is_wrapped=True
            ),
            Format(
                name="tsv",
                suffix=".tsv",
                media_type="text/tab-separated-values; charset=utf-8",
                compressions=_WRAPPED,
                is_wrapped=True,
            ),
            Format(
                name="ndjson",
                suffix=".ndjson",
                media_type="application/x-ndjson",
                compressions=_WRAPPED,
                is_wrapped=True,
            ),
            Format(name="json", suffix=".json", media_type="application/json", compressions=("none",)),
            Format(
                name="arrow",
                suffix=".arrow",
                media_type="application/vnd.apache.arrow.file",
                compressions=("zstd", "lz4", "none"),
            ),
            Format(
                name="avro",
                suffix=".avro",
                media_type="application/vnd.apache.avro",
                compressions=("deflate", "snappy", "none"),
            ),
            Format(
                name="xlsx",
                suffix=".xlsx",
                media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                compressions=("deflate",),
            ),
        )
    }
)
