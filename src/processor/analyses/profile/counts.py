"""Values with their counts: frames with the columns `value` (each once, no null) and `count`."""

import polars as pl


def counted(values: pl.Series) -> pl.DataFrame:
    """The values of one piece, each once, with how often it is there."""
    return values.alias("value").value_counts(name="count").cast({"count": pl.UInt64})


def counted_runs(ordered: pl.Series) -> pl.DataFrame:
    """The same for values in ascending order."""
    runs = ordered.rle().struct
    return pl.DataFrame({"value": runs.field("value"), "count": runs.field("len").cast(pl.UInt64)})


def summed(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """One frame from several."""
    counts = pl.concat(frames).lazy().group_by("value").agg(pl.col("count").sum())
    return counts.collect(engine="in-memory")


def compact(counts: pl.DataFrame) -> pl.DataFrame:
    """The same with texts of its own: a filtered column of texts keeps the whole piece alive that it was taken from."""
    return counts.with_columns(counts["value"] + "") if counts["value"].dtype == pl.String else counts


def finite(values: pl.Series) -> pl.Series:
    """The values without NaN and infinities."""
    if not values.dtype.is_float():
        return values
    mask = values.is_finite()
    return values if mask.all() else values.filter(mask)


def finite_counts(counts: pl.DataFrame) -> pl.DataFrame:
    """The counts of the values that are no NaN and no infinity."""
    return counts.filter(counts["value"].is_finite()) if counts["value"].dtype.is_float() else counts
