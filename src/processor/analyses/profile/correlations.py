"""Which columns go together, on a sample of the rows.

Pearson's r and Spearman's rho between numbers and times, Cramer's V with the correction of its bias (Bergsma 2013)
between columns of few different values, and the correlation ratio eta (Fisher 1925) of numbers over such columns.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import polars as pl

from processor.analyses.profile.row_sample import RowSample
from processor.analyses.profile.shapes import RANGED, Shape, as_numbers, shape_of

NUMBERS = 30
CATEGORIES = 15
FEW_VALUES = 50
STRONG = 0.5
_LISTED = 50
_SIGMAS = 4

Matrix = list[list[float | None]]


def correlations(sample: RowSample, heavy_tailed: Sequence[str]) -> dict[str, object] | None:
    """The measures as matrices and the strongest pairs as a list; None where no two columns can be compared.

    Where the sample is not the whole table, `error` is an absolute bound for each figure: four divided by the root of
    the number of rows, which a random sample this large practically never exceeds. A few extreme values can move
    Pearson's r and eta by more, and a sample may hold none of them: such columns are named in `unbounded`.

    Args:
        sample: rows from all over the table.
        heavy_tailed: columns with such values.
    """
    rows = sample.rows
    numbers = _numbers(rows)
    categories = _categories(rows)
    if len(numbers) + len(categories) < 2 or rows.height < 3:
        return None
    label: dict[str, object] = {"exact": True}
    if not sample.whole:
        label = {"exact": False, "method": "row sample", "error": round(_SIGMAS / math.sqrt(rows.height), 4)}
        label["unbounded"] = [column.name for column in numbers if column.name in heavy_tailed]
    tables = {
        "pearson": _square(numbers, _pearson),
        "spearman": _square(numbers, _spearman),
        "cramers_v": _square(categories, _cramers_v),
        "correlation_ratio": _ratios(categories, numbers),
    }
    return label | {"rows": rows.height} | tables | {"strongest": _strongest(tables)}


def _numbers(rows: pl.DataFrame) -> list[pl.Series]:
    found = []
    for column in rows.get_columns():
        if shape_of(column.dtype) in RANGED and column.null_count() < column.len():
            numbers = as_numbers(column).cast(pl.Float64)
            found.append(numbers.set(~numbers.is_finite(), None))
    return [column for column in found if column.n_unique() > 1][:NUMBERS]


def _categories(rows: pl.DataFrame) -> list[pl.Series]:
    texts = (Shape.TEXT, Shape.CATEGORY, Shape.BOOLEAN)
    columns = [column for column in rows.get_columns() if shape_of(column.dtype) in texts]
    return [column for column in columns if 1 < column.drop_nulls().n_unique() <= FEW_VALUES][:CATEGORIES]


def _square(columns: Sequence[pl.Series], measure: Callable[[pl.DataFrame], float | None]) -> dict[str, object]:
    values: Matrix = [[1.0 if a is b else None for b in columns] for a in columns]
    for i, first in enumerate(columns):
        for j in range(i):
            values[i][j] = values[j][i] = _measured(first, columns[j], measure)
    return {"columns": [column.name for column in columns], "values": values}


def _ratios(categories: Sequence[pl.Series], numbers: Sequence[pl.Series]) -> dict[str, object]:
    return {
        "rows": [column.name for column in categories],
        "columns": [column.name for column in numbers],
        "values": [[_measured(category, number, _ratio) for number in numbers] for category in categories],
    }


def _measured(a: pl.Series, b: pl.Series, measure: Callable[[pl.DataFrame], float | None]) -> float | None:
    """The measure over the rows where both are there."""
    both = pl.DataFrame([a.alias("a"), b.alias("b")])
    if a.null_count() or b.null_count():
        both = both.drop_nulls()
    found = measure(both) if both.height > 2 else None
    return None if found is None or not math.isfinite(found) else round(found, 6)


def _pearson(both: pl.DataFrame) -> float | None:
    return both.select(pl.corr("a", "b")).item()  # type: ignore[no-any-return]  # a float or None


def _spearman(both: pl.DataFrame) -> float | None:
    return _pearson(both.select(pl.all().rank()))


def _cramers_v(both: pl.DataFrame) -> float | None:
    cells = both.group_by("a", "b").agg(pl.len().cast(pl.Float64).alias("n"))
    sums = cells.with_columns(pl.col("n").sum().over("a").alias("row"), pl.col("n").sum().over("b").alias("column"))
    squared = float(sums.select((pl.col("n") ** 2 / (pl.col("row") * pl.col("column"))).sum()).item()) - 1
    rows, columns, n = both["a"].n_unique(), both["b"].n_unique(), both.height
    if min(rows, columns) < 2:
        return None
    phi = max(0.0, squared - (rows - 1) * (columns - 1) / (n - 1))
    least = min(rows - (rows - 1) ** 2 / (n - 1), columns - (columns - 1) ** 2 / (n - 1)) - 1
    return min(1.0, math.sqrt(phi / least)) if least > 0 else None


def _ratio(both: pl.DataFrame) -> float | None:
    mean = both["b"].mean()
    groups = both.group_by("a").agg(pl.len().alias("n"), pl.col("b").mean())
    between = groups.select((pl.col("n") * (pl.col("b") - mean) ** 2).sum()).item()
    total = both.select(((pl.col("b") - mean) ** 2).sum()).item()
    return math.sqrt(min(1.0, between / total)) if total else None


def _strongest(tables: Mapping[str, dict[str, object]]) -> list[dict[str, object]]:
    found: list[tuple[float, dict[str, object]]] = []
    for measure, table in tables.items():
        across, down = table["columns"], table.get("rows", table["columns"])
        match (down, across, table["values"]):
            case (list(first), list(second), list(values)):
                for i, row in enumerate(values):
                    for j, value in enumerate(row if measure == "correlation_ratio" else row[:i]):
                        if value is not None and abs(value) >= STRONG:
                            pair = {"measure": measure, "columns": [first[i], second[j]], "value": value}
                            found.append((abs(value), pair))
    found.sort(key=lambda item: -item[0])
    return [pair for _, pair in found[:_LISTED]]
