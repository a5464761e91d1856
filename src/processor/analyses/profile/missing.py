"""Which values are missing together, on a sample of the rows."""

import math
from itertools import combinations

import polars as pl

from processor.analyses.profile.row_sample import RowSample

COLUMNS = 60
_PATTERNS = 10
_TOGETHER = 0.5
_LISTED = 20
_SIGMAS = 4


def missing(sample: RowSample) -> dict[str, object] | None:
    """The commonest sets of columns that miss a value in the same row, and the pairs whose nulls go together.

    A pair's `overlap` is the share of rows that miss both among those that miss either (Jaccard 1901). None where the
    sample holds no null. `error` bounds the shares of rows, that of a pair its overlap, in four standard deviations.
    """
    rows = sample.rows
    nulls = [column.is_null() for column in rows.get_columns() if column.null_count()][:COLUMNS]
    if not nulls:
        return None
    label: dict[str, object] = {"exact": True}
    if not sample.whole:
        label = {"exact": False, "method": "row sample", "error": round(_SIGMAS / math.sqrt(4 * rows.height), 4)}
    return label | {"rows": rows.height, "patterns": _patterns(nulls), "together": _together(nulls, whole=sample.whole)}


def _patterns(nulls: list[pl.Series]) -> list[dict[str, object]]:
    names = [mask.name for mask in nulls]
    masks = pl.DataFrame([mask.alias(str(place)) for place, mask in enumerate(nulls)])
    places = pl.all()
    groups = masks.group_by(places).agg(pl.len().alias("rows")).sort("rows", *masks.columns, descending=True)
    return [
        {
            "columns": [name for name, is_missing in zip(names, row, strict=False) if is_missing],
            "rows": row[-1],
            "share": row[-1] / masks.height,
        }
        for row in groups.head(_PATTERNS).rows()
    ]


def _together(nulls: list[pl.Series], *, whole: bool) -> list[dict[str, object]]:
    pairs = []
    for a, b in combinations(nulls, 2):
        both, either = int((a & b).sum()), int((a | b).sum())
        if both >= _TOGETHER * either:
            error = {} if whole else {"error": _error(both / either, either)}
            pairs.append({"columns": [a.name, b.name], "overlap": both / either, **error})
    pairs.sort(key=lambda pair: -float(pair["overlap"]))  # type: ignore[arg-type]  # a number
    return pairs[:_LISTED]


def _error(share: float, rows: int) -> float:
    """Few rows miss anything: of them a share says less than of the whole sample."""
    return round(min(1.0, _SIGMAS * math.sqrt(share * (1 - share) / rows) + _SIGMAS**2 / rows), 4)
