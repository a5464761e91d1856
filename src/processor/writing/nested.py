"""Lists and structs taken apart down to their leaves, and put together again with other leaves."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import polars as pl

if TYPE_CHECKING:
    from polars._typing import PolarsDataType

Leaf: TypeAlias = Callable[[pl.Expr, pl.DataType], pl.Expr]


def rebuild(value: pl.Expr, dtype: pl.DataType, leaf: Leaf) -> pl.Expr:
    """`value` with each of its leaves replaced; arrays become lists, what is null stays null."""
    match dtype:
        case pl.Array():
            inner = _type(dtype.inner)
            as_list = value.arr.to_list()
            return as_list.list.eval(rebuild(pl.element(), inner, leaf)) if _holds(inner) else as_list
        case pl.List():
            return value.list.eval(rebuild(pl.element(), _type(dtype.inner), leaf))
        case pl.Struct():
            # Under names of our own: a field may be named `^a.*$`, which a name would take for others.
            numbered = value.struct.rename_fields([f"f{place}" for place in range(len(dtype.fields))])
            fields = [
                rebuild(numbered.struct.field(f"f{place}"), _type(field.dtype), leaf).alias(field.name)
                for place, field in enumerate(dtype.fields)
            ]
            return pl.when(value.is_null()).then(None).otherwise(pl.struct(fields)) if fields else value
    return leaf(value, dtype)


def leaves(dtype: pl.DataType) -> list[pl.DataType]:
    """The types of all leaves."""
    inside = _inside(dtype)
    return [leaf for inner in inside for leaf in leaves(inner)] if dtype.is_nested() else [dtype]


def _holds(dtype: pl.DataType) -> bool:
    return dtype != pl.Null


def has_array(dtype: pl.DataType) -> bool:
    """Whether there is a list of fixed length anywhere in it."""
    return isinstance(dtype, pl.Array) or any(map(has_array, _inside(dtype)))


def has_empty_struct(dtype: pl.DataType) -> bool:
    """Whether there is a struct without fields anywhere in it."""
    return (isinstance(dtype, pl.Struct) and not dtype.fields) or any(map(has_empty_struct, _inside(dtype)))


def _inside(dtype: pl.DataType) -> list[pl.DataType]:
    match dtype:
        case pl.Array() | pl.List():
            return [_type(dtype.inner)]
        case pl.Struct():
            return [_type(field.dtype) for field in dtype.fields]
    return []


def _type(dtype: "PolarsDataType") -> pl.DataType:
    return dtype if isinstance(dtype, pl.DataType) else dtype()
