"""How texts are built: `AA-9999` for two capitals, a hyphen and four digits."""

import polars as pl

_LONGEST = 60
_MANY = 40


def patterns(counts: pl.DataFrame) -> pl.DataFrame:
    """The patterns of these texts, the most frequent first: columns `pattern` and `count`.

    A capital is `A`, any other letter `a`, a digit `9`; all else stands for itself. Where that gives very many
    patterns, runs of letters and digits are written as `A+`, `a+` and `9+`, whatever their length.
    """
    texts = pl.col("value").str.head(_LONGEST)
    letters = texts.str.replace_all(r"[\p{L}&&[^\p{Lu}]]", "a").str.replace_all(r"\p{Lu}", "A")
    built = _summed(counts.select(letters.str.replace_all(r"\p{N}", "9").alias("pattern"), "count"))
    if built.height <= _MANY:
        return built
    runs = pl.col("pattern").str.replace_all("AA+", "A+").str.replace_all("aa+", "a+").str.replace_all("99+", "9+")
    return _summed(built.select(runs, "count"))


def _summed(built: pl.DataFrame) -> pl.DataFrame:
    summed = built.lazy().group_by("pattern").agg(pl.col("count").sum()).collect(engine="in-memory")
    return summed.sort("count", "pattern", descending=[True, False])
