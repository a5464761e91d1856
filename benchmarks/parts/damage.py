"""Tables that are damaged by a seed, so that two tools agree on much that is wrong and not on one thing."""

import random

import polars as pl


def damaged(frame: pl.DataFrame, *, seed: int) -> pl.DataFrame:
    """Every column in some rows null or wrong, some rows twice, some rows gone; the same for the same seed."""
    chance = random.Random(seed)
    taken = frame.sample(fraction=chance.uniform(0.5, 1), shuffle=True, seed=seed)
    twice = taken.sample(n=min(taken.height, chance.randrange(200)), seed=seed)
    rows = pl.concat([taken, twice]).sample(fraction=1, shuffle=True, seed=seed + 1)
    columns = [_damaged(rows[name], chance) for name in rows.columns]
    return pl.DataFrame(columns)


def _damaged(column: pl.Series, chance: random.Random) -> pl.Series:
    values = column.to_frame("v").with_columns(
        at=pl.int_range(column.len()).shuffle(seed=chance.randrange(1 << 30)),
    )
    missing, wrong = (chance.choice([0, 0, chance.randrange(500)]) for _ in range(2))
    changed = (
        pl.when(pl.col("at") < missing)
        .then(None)
        .when(pl.col("at") < missing + wrong)
        .then(_wrong(column.dtype, chance))
        .otherwise(pl.col("v"))
    )
    return values.select(changed.cast(column.dtype).alias(column.name)).to_series()


def _wrong(dtype: pl.DataType, chance: random.Random) -> pl.Expr:
    value = pl.col("v")
    if dtype == pl.String:
        return chance.choice(
            [value.str.to_uppercase(), value.str.slice(3), pl.lit(""), pl.lit(" ") + value, pl.lit("7")]
        )
    if dtype == pl.Boolean:
        return ~value
    if dtype.is_temporal():
        return value.dt.offset_by(chance.choice(["-1y", "40d"]))
    return chance.choice([value + 8, -value, value * 0])
