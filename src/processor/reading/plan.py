"""The plan of how to read one delimited file: a value, so that mending it makes another."""

import io
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from processor.reading.dialect import Dialect
from processor.reading.habits import Habits
from processor.reading.moments import MomentStyle
from processor.reading.numbers import NumberStyle
from processor.reading.packing import Packing
from processor.reading.schema import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to read the file.

    Attributes:
        path: the file, or its copy in UTF-8.
        packing: what is around it; Polars unpacks gzip and zstd by itself.
        dialect: how lines are cut into fields.
        newline: what ends a line.
        preamble: lines before the first row (a title, comments), which are left out.
        names: the columns' names as results show them.
        schema: types, by the names that Polars gives the columns.
        ragged: cut off fields beyond the last column.
        comment: what lines begin with that are comments.
        nulls: texts that stand for a missing value in every column, as the caller gave them.
        lossy: let bytes that are no UTF-8 stand as U+FFFD.
        habits: how the file must be rewritten before it is read; None where it was, or needs not to be.
    """

    path: Path
    packing: Packing = Packing.NONE
    dialect: Dialect
    newline: str
    preamble: int = 0
    names: tuple[str, ...] = ()
    schema: Schema = field(default_factory=lambda: Schema(types={}))
    comment: str | None = None
    nulls: tuple[str, ...] = ()
    ragged: bool = False
    lossy: bool = False
    habits: Habits | None = None

    def options(self) -> dict[str, Any]:
        """The arguments for Polars' CSV reader that tell of the dialect, not of the types."""
        return {
            "has_header": self.dialect.header,
            "separator": self.dialect.delimiter,
            "quote_char": self.dialect.quote,
            "eol_char": self.newline,
            "encoding": "utf8-lossy" if self.lossy else "utf8",
            "truncate_ragged_lines": self.ragged,
            "skip_lines": self.preamble,
            "comment_prefix": self.comment,
            "glob": False,
        }

    def scan(
        self,
        source: Path | io.BytesIO,
        *,
        types: Mapping[str, pl.DataType] | None = None,
        n_rows: int | None = None,
        body: bool = False,
        tolerant: bool = False,
    ) -> pl.LazyFrame:
        """The rows of `source` under the columns' final names; `types` may stand in for the plan's.

        With `body`, the source is a piece from further on: it has no header, and it is read as with `tolerant`, where
        what does not fit its type is null.
        """
        scanned = pl.scan_csv(
            source,
            schema=dict(types or self.schema.types),
            null_values=list(self.nulls) or dict(self.schema.markers) or None,
            extra_columns="ignore" if self.ragged else "raise",
            missing_columns="insert",
            n_rows=n_rows,
            ignore_errors=body or tolerant,
            **(self.options() | ({"has_header": False} if body else {})),
        )
        if types is None and (self.schema.numbers or self.schema.moments):
            scanned = scanned.with_columns(
                style.converted(pl.nth(numbers), strict=not (body or tolerant))
                for style, numbers in self._styled().items()
            )
        renamed = {old: new for old, new in zip(self.schema.types, self.names, strict=True) if old != new}
        return scanned.rename(renamed) if renamed else scanned

    def _styled(self) -> Mapping[NumberStyle | MomentStyle, list[int]]:
        """The numbers of the columns of each style: many may have the same."""
        styles: dict[str, NumberStyle | MomentStyle] = {**self.schema.numbers, **self.schema.moments}
        found: dict[NumberStyle | MomentStyle, list[int]] = defaultdict(list)
        for number, name in enumerate(self.schema.types):
            if name in styles:
                found[styles[name]].append(number)
        return found

    def with_types(self, types: Mapping[str, pl.DataType]) -> Schema:
        """The plan's schema with other types of some columns, which have no style any more."""
        numbers = {name: style for name, style in self.schema.numbers.items() if name not in types}
        moments = {name: style for name, style in self.schema.moments.items() if name not in types}
        return replace(self.schema, types={**self.schema.types, **types}, numbers=numbers, moments=moments)
