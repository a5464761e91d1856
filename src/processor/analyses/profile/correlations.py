"""Which columns go together, on a sample of the rows.

Pearson's r and Spearman's rho between numbers and times, Cramer's V with the correction of its bias (Bergsma 2013)
between columns of few different values, and the correlation ratio eta (Fisher 1925) of numbers over such columns. Of a
sample eta is corrected for its bias as well (Kelley 1935): with many groups chance alone makes it large.

A figure of a sample is wrong by its `error` at most, which depends on how many rows have both values: of those four
divided by the root. V and eta are roots of sums of squares, one for each way in which two columns may differ; with many
of them chance adds up to more, and their squares are given six deviations.
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
_SIGMAS_OF_SQUARES = 6

Matrix = list[list[float | None]]
Measure = Callable[[pl.DataFrame], float | None]


def correlations(sample: RowSample, heavy_tailed: Sequence[str]) -> dict[str, object] | None:
    """The measures as matrices and the strongest pairs as a list; None where no two columns can be compared.

    Where the sample is not the whole table, each matrix has the absolute `errors` of its figures, which are practically
    never exceeded, and `error` is the largest of all. A few extreme values can move Pearson's r and eta by more, and a
    sample may hold none of them: such columns are named in `unbounded`.

    Args:
        sample: rows from all over the table.
        heavy_tailed: columns with such values.
    """
    rows = sample.rows
    numbers = _numbers(rows)
    categories = _categories(rows)
    if len(numbers) + len(categories) < 2 or rows.height < 3:
        return None
    ratio = _ratio if sample.whole else _corrected_ratio
    tables = {
        "pearson": _square(numbers, _pearson),
        "spearman": _square(numbers, _spearman),
        "cramers_v": _square(categories, _cramers_v),
        "correlation_ratio": _ratios(categories, numbers, ratio),
    }
    label: dict[str, object] = {"exact": True}
    if sample.whole:
        tables = {name: {key: table[key] for key in table if key != "errors"} for name, table in tables.items()}
    else:
        label = {"exact": False, "method": "row sample", "error": _largest(tables)}
        label["unbounded"] = [column.name for column in numbers if column.name in heavy_tailed]
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


def _square(columns: Sequence[pl.Series], measure: Measure) -> dict[str, object]:
    values: Matrix = [[1.0 if a is b else None for b in columns] for a in columns]
    errors: Matrix = [[0.0 if a is b else None for b in columns] for a in columns]
    for i, first in enumerate(columns):
        for j in range(i):
            values[i][j], errors[i][j] = values[j][i], errors[j][i] = _measured(first, columns[j], measure)
    return {"columns": [column.name for column in columns], "values": values, "errors": errors}


def _ratios(categories: Sequence[pl.Series], numbers: Sequence[pl.Series], ratio: Measure) -> dict[str, object]:
    found = [[_measured(category, number, ratio) for number in numbers] for category in categories]
    return {
        "rows": [column.name for column in categories],
        "columns": [column.name for column in numbers],
        "values": [[value for value, _ in row] for row in found],
        "errors": [[error for _, error in row] for row in found],
    }


def _measured(a: pl.Series, b: pl.Series, measure: Measure) -> tuple[float | None, float | None]:
    """The measure over the rows where both are there, and how wrong it may be if these are a sample."""
    both = pl.DataFrame([a.alias("a"), b.alias("b")])
    if a.null_count() or b.null_count():
        both = both.drop_nulls()
    found = measure(both) if both.height > 2 else None
    if found is None or not math.isfinite(found):
        return None, None
    return round(found, 6), round(min(1.0, _deviations(both, measure) / math.sqrt(both.height)), 4)


def _deviations(both: pl.DataFrame, measure: Measure) -> float:
    if measure in {_pearson, _spearman}:
        return _SIGMAS
    ways = [both[name].n_unique() - 1 for name in ("a", "b")]
    squares = math.sqrt(2 * ways[0] * ways[1]) / min(ways) if measure is _cramers_v else math.sqrt(2 * ways[0])
    return max(_SIGMAS, math.sqrt(_SIGMAS_OF_SQUARES * squares))


def _largest(tables: Mapping[str, dict[str, object]]) -> float:
    """The largest of all errors, that of a figure over all rows being the least there is to tell."""
    errors = [error for table in tables.values() for row in table["errors"] for error in row]  # type: ignore[attr-defined]  # a Matrix
    return max((error for error in errors if error is not None), default=0.0)


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


def _corrected_ratio(both: pl.DataFrame) -> float | None:
    """Eta without what chance adds to it in a sample."""
    found, rows, groups = _ratio(both), both.height, both["a"].n_unique()
    if found is None or rows <= groups:
        return None
    return math.sqrt(max(0.0, (found**2 * (rows - 1) - (groups - 1)) / (rows - groups)))


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
                            if "errors" in table:
                                pair["error"] = table["errors"][i][j]  # type: ignore[index]  # a Matrix
                            found.append((abs(value), pair))
    found.sort(key=lambda item: -item[0])
    return [pair for _, pair in found[:_LISTED]]
