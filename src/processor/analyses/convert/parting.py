"""A table in many files, one for each combination of values, within one ZIP archive."""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from shutil import rmtree
from typing import Final
from urllib.parse import quote

import polars as pl

from common.errors import ParamsError

MOST_PARTS: Final = 1_000
MOST_BYTES: Final = 255  # of a folder's name
MISSING: Final = "__HIVE_DEFAULT_PARTITION__"  # the folder of rows without a value
STORED: Final = frozenset({".parquet", ".arrow", ".gz", ".zst"})  # compressed already


def check_parts(frame: pl.LazyFrame, keys: Sequence[str]) -> None:
    """Refuse keys that would make too many files; a pass over their columns.

    Raises:
        ParamsError: there are more than 1,000 combinations, or a name, a type or a value that makes no folder.
    """
    schema = frame.collect_schema()
    for number, name in enumerate(keys):
        if name in keys[:number]:
            raise ParamsError(
                f"{name[:80]!r} is there twice.", pointer=f"/params/partition_by/{number}", advice="Leave it out once."
            )
        if schema[name].is_nested() or schema[name] in (pl.Binary, pl.Duration):
            raise ParamsError(
                f"Column {name[:80]!r} is {schema[name]}, which no folder can be named after.",
                pointer=f"/params/partition_by/{number}",
                advice="Part it by texts, numbers, times or truth values.",
            )
        if not name.isprintable() or set(name) & set("/\\=%*^") or name in {"", ".", ".."}:
            raise ParamsError(
                f"A folder cannot be named after {name[:80]!r}.",
                pointer=f"/params/partition_by/{number}",
                advice="Rename it.",
            )
    parts = frame.select(keys).unique().head(MOST_PARTS + 1).collect()
    if parts.height > MOST_PARTS:
        raise ParamsError(
            f"This would make more than {MOST_PARTS:,} files.",
            pointer="/params/partition_by",
            advice="Part it by columns with fewer values.",
        )
    for number, name in enumerate(keys):
        if schema[name] in (pl.String, pl.Categorical, pl.Enum):
            _check_values(name, parts.get_column(name).cast(pl.String), pointer=f"/params/partition_by/{number}")


def _check_values(name: str, values: pl.Series, *, pointer: str) -> None:
    """Refuse texts whose folder would be another's, where one file would take the other's place, or none."""
    if (values == MISSING).any():
        raise ParamsError(
            "A value is the name that the folder of missing values has.", pointer=pointer, advice="Filter it out."
        )
    if any(len(quote(f"{name}={value}", safe="")) > MOST_BYTES for value in values):
        raise ParamsError(
            "A value is too long for the name of a folder.",
            pointer=pointer,
            advice="Part it by a column with shorter values.",
        )


def by_keys(folder: Path, keys: Sequence[str]) -> pl.PartitionBy:
    """The target that parts a table: one file a combination."""
    return pl.PartitionBy(folder, key=list(keys), approximate_bytes_per_file=None)


def archived(folder: Path, path: Path) -> int:
    """Move all files of a folder into an archive; returns how many there were."""
    folder.mkdir(exist_ok=True)  # a table without rows has no parts
    count = 0
    with zipfile.ZipFile(path, "w") as archive:
        for part in sorted(folder.rglob("*")):
            if part.is_file():
                how = zipfile.ZIP_STORED if part.suffix in STORED else zipfile.ZIP_DEFLATED
                archive.write(part, part.relative_to(folder), compress_type=how)
                part.unlink()
                count += 1
    rmtree(folder)
    return count
