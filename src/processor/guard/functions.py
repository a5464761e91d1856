"""The functions that may be called, by the names that Polars knows. All compute; none reads, waits or looks around.

Left out on purpose: `now` and its kin, since the same task must give the same result; whatever makes rows of nothing
(`generate_series`, `range`); and whatever is no function of values (`read_csv` and its kin).
"""

from collections.abc import Collection
from typing import Final

from sqlglot import exp

from processor.guard.refusal import Refusal, near, shown


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SCALAR_FUNCTIONS: Final = _words(
    """
    abs cbrt ceil ceiling div exp floor ln log log10 log1p log2 mod pi pow power round trunc truncate sign sqrt
    cos cot sin tan cosd cotd sind tand acos asin atan atan2 acosd asind atand atan2d degrees radians
    bit_and bitand bit_count bitcount bit_not bitnot bit_or bitor bit_xor bitxor xor
    coalesce greatest if ifnull least nullif
    date date_part date_trunc strftime strptime time timestamp datetime year month day hour
    bit_length char_length character_length concat concat_ws ends_with initcap left length lower lpad ltrim normalize
    octet_length regexp_like regexp_replace replace reverse right rpad rtrim split_part starts_with string_to_array
    strpos substr upper
    array_contains array_get array_length array_lower array_mean array_reverse array_sum array_to_string array_unique
    array_upper
    """
)
AGGREGATES: Final = _words(
    """
    approx_quantile array_agg avg corr count covar covar_pop covar_samp first group_concat last listagg max median min
    quantile_cont quantile_disc stddev stddev_samp stdev stdev_samp string_agg sum total var var_samp variance grouping
    """
)
WINDOW_FUNCTIONS: Final = _words(
    "cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number"
)
QUERY_FUNCTIONS: Final = SCALAR_FUNCTIONS | AGGREGATES | WINDOW_FUNCTIONS | {"unnest"}


def check_function(call: exp.Anonymous, *, allowed: Collection[str]) -> None:
    """Pass if the function may be called.

    Raises:
        Refusal: it may not, or is not known.
    """
    name = call.this
    if not isinstance(name, str):
        raise Refusal("A function's name stands in quotation marks.", advice="Write it without them.")
    if name.lower() in allowed:
        return
    if name.lower() in QUERY_FUNCTIONS:
        raise Refusal(f"The function {shown(name)} is not allowed here.", advice="It works over rows, not on one row.")
    advice = near(name, allowed, what="functions", listed=False)
    raise Refusal(f"The function {shown(name)} is not allowed or not known.", advice=advice)
