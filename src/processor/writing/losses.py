"""What a written file does not say any more: types that its format does not have."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from processor.writing.formats import FormatName
from processor.writing.nested import has_array, has_empty_struct, leaves

MOST_NAMED: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """One loss, as a warning of the result."""

    code: str
    message: str


_KEPT: Final[dict[FormatName, Callable[[pl.DataType], bool]]] = {
    "parquet": lambda dtype: not has_empty_struct(dtype),
    "arrow": lambda _: True,
    "csv": lambda dtype: dtype == pl.String,
    "tsv": lambda dtype: dtype == pl.String,
    "json": lambda dtype: dtype in {pl.String, pl.Boolean, pl.Int64, pl.Float64, pl.Null},
    "ndjson": lambda dtype: dtype in {pl.String, pl.Boolean, pl.Int64, pl.Float64, pl.Null},
    "avro": lambda dtype: (
        dtype in {pl.String, pl.Boolean, pl.Int32, pl.Int64, pl.Float32, pl.Float64, pl.Binary, pl.Date}
        or (isinstance(dtype, pl.Datetime) and dtype.time_zone is None and dtype.time_unit != "ns")
    ),
    "xlsx": lambda dtype: dtype in {pl.String, pl.Boolean, pl.Float64, pl.Date},
}
_CUT: Final[dict[str, Callable[[pl.DataType], bool]]] = {
    "avro": lambda dtype: isinstance(dtype, pl.Datetime) and dtype.time_unit == "ns",
    "xlsx": lambda dtype: dtype == pl.Time or (isinstance(dtype, pl.Datetime) and dtype.time_unit != "ms"),
}


def losses_of(schema: pl.Schema, target: FormatName) -> list[Loss]:
    """What this format loses of these types."""
    named = {
        "types_not_kept": [name for name, dtype in schema.items() if not _is_kept(dtype, target)],
        "zones_not_kept": _where(
            schema, lambda dtype: isinstance(dtype, pl.Datetime) and bool(dtype.time_zone), target
        ),
        "precision_cut": _where(schema, _CUT.get(target, lambda _: False), target),
    }
    said = {
        "types_not_kept": "{label} has no type for {columns}; their values are written in a form that says the"
        " same, and whoever reads the file has to know or guess the type.",
        "zones_not_kept": "{label} keeps no name of a time zone: {columns}.",
        "precision_cut": "{label} keeps times less exactly: {columns}.",
    }
    label = target.upper() if target != "arrow" else "Arrow"
    return [
        Loss(code=code, message=said[code].format(label=label, columns=_listed(columns, schema)))
        for code, columns in named.items()
        if columns
    ]


def _is_kept(dtype: pl.DataType, target: FormatName) -> bool:
    if dtype.is_nested() and target in {"csv", "tsv", "xlsx"}:
        return False
    if target not in {"parquet", "arrow"} and has_array(dtype):
        return False
    if target == "parquet":
        return _KEPT[target](dtype)
    return all(_KEPT[target](leaf) for leaf in leaves(dtype))


def _where(schema: pl.Schema, is_hit: Callable[[pl.DataType], bool], target: FormatName) -> list[str]:
    if target in {"parquet", "arrow"}:
        return []
    return [name for name, dtype in schema.items() if any(map(is_hit, leaves(dtype)))]


def _listed(names: Sequence[str], schema: pl.Schema) -> str:
    shown = ", ".join(f"{name[:80]!r} ({schema[name]})" for name in names[:MOST_NAMED])
    more = len(names) - MOST_NAMED
    return shown if more <= 0 else f"{shown} and {more} more"
