"""The rules about a column that alerts come from: each a figure, a threshold and a sentence."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from processor.analyses.profile.personal import personal
from processor.reading.missing import PLACEHOLDERS

Column = Mapping[str, Any]
_PLACEHOLDER_DAYS = frozenset({"1900-01-01", "1970-01-01", "1899-12-30", "9999-12-31", "2099-12-31", "0001-01-01"})
_PLACEHOLDER_NUMBERS = frozenset({-1, -9, -99, -999, -9999, -99999, 99, 999, 9999, 99999, 999999})
_PLACEHOLDER_WORDS = PLACEHOLDERS - {"."} | {"missing", "tbd"}
_TYPED = frozenset({"integer", "decimal", "decimal_comma", "grouped_number", "percentage", "money"})
_TIMES = frozenset({"date", "datetime", "time"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule about a column.

    Attributes:
        code: its name in the result.
        threshold: from where on it speaks.
        measure: the figure that is held against the threshold; None where the rule does not apply.
        sentence: what it says; `{name}`, `{value}`, `{percent}` and `{threshold}` are filled in.
        level: `warning` for what is probably wrong, `info` for what is good to know.
    """

    code: str
    threshold: float
    measure: Callable[[Column, int], float | None]
    sentence: str
    level: str = "warning"


def _share(key: str) -> Callable[[Column, int], float | None]:
    def measure(column: Column, _: int) -> float | None:
        value = column.get(key)
        return value / column["count"] if isinstance(value, int) and value and column["count"] else None

    return measure


def _absolute(key: str) -> Callable[[Column, int], float | None]:
    def measure(column: Column, _: int) -> float | None:
        value = column.get(key)
        return abs(value) if isinstance(value, (int, float)) and value else None

    return measure


def _nulls(column: Column, rows: int) -> float | None:
    return column["nulls"] / rows if rows and column["count"] and column["nulls"] else None


def _all_null(column: Column, rows: int) -> float | None:
    return 1.0 if rows and not column["count"] else None


def _constant(column: Column, rows: int) -> float | None:
    return 1.0 if rows > 1 and column.get("distinct") == {"value": 1, "exact": True} else None


def _imbalance(column: Column, _: int) -> float | None:
    top, several = column.get("top"), column.get("distinct", {}).get("value", 0) > 1
    return top[0]["count"] / column["count"] if top and several else None


def _is_unique(column: Column) -> bool:
    return bool(column.get("unique", {}).get("value")) and column["count"] > 1


def _unique(column: Column, _: int) -> float | None:
    return 1.0 if _is_unique(column) and column["type"] in {"text", "category", "number"} else None


def _cardinality(column: Column, _: int) -> float | None:
    if column["type"] not in {"text", "category"} or _is_unique(column) or column["count"] < 100:
        return None
    return float(column["distinct"]["value"] / column["count"])


def _length(column: Column, _: int) -> float | None:
    return column["length"]["max"] if column["type"] == "text" and column["count"] else None


def _empty_lists(column: Column, _: int) -> float | None:
    return 1.0 if column["type"] == "list" and column["count"] and column["length"]["min"] == 0 else None


def _meaning(*names: str) -> Callable[[Column, int], float | None]:
    def measure(column: Column, _: int) -> float | None:
        meaning = column.get("meaning", {})
        return meaning["share"] if column["type"] == "text" and meaning.get("type") in names else None

    return measure


def _impure(column: Column, _: int) -> float | None:
    meaning = column.get("meaning", {})
    if column["type"] not in {"text", "category"} or "share" not in meaning or meaning["share"] == 1:
        return None
    return float(meaning["share"])


def _pii(column: Column, _: int) -> float | None:
    return max((finding["share"] for finding in personal(column)), default=None)


def _outliers(column: Column, _: int) -> float | None:
    """How many interquartile ranges the farthest value lies beyond the quartiles (Tukey's fences ask for 1.5 or 3)."""
    if column["type"] != "number" or "quantiles" not in column:
        return None
    at = column["quantiles"]["values"]
    figures = (column["min"], at.get("0.25"), at.get("0.75"), column["max"])
    low, first, third, high = (figure if isinstance(figure, (int, float)) else None for figure in figures)
    if low is None or first is None or third is None or high is None or third <= first:
        return None
    return max(first - low, high - third) / (third - first)


def _few_negatives(column: Column, _: int) -> float | None:
    share = _share("negatives")(column, 0)
    return 1 - share if share is not None and share < 0.5 else None


def _placeholder_day(column: Column, _: int) -> float | None:
    ends = {str(column.get(end))[:10] for end in ("min", "max")}
    return 1.0 if column["type"] == "time" and ends & _PLACEHOLDER_DAYS else None


def _placeholder_number(column: Column, _: int) -> float | None:
    if column["type"] != "number" or column.get("distinct", {}).get("value", 0) < 20:
        return None
    ends = (column["min"], column["max"])
    counts = [item["count"] for item in column["top"] if item["value"] in _PLACEHOLDER_NUMBERS & set(ends)]
    return max(counts) / column["count"] if counts else None


def _placeholder_word(column: Column, _: int) -> float | None:
    if column["type"] not in {"text", "category"}:
        return None
    seen = {item["value"]: item["count"] for item in [*column["top"], *column["rare"]]}
    found = sum(count for word, count in seen.items() if str(word).strip().lower() in _PLACEHOLDER_WORDS)
    return found / column["count"] if found else None


def _steps_missing(column: Column, _: int) -> float | None:
    missing = column.get("steps_missing")
    fine = column.get("granularity") in {"day", "hour", "minute"}
    return missing / column["steps"] if missing and fine else None


RULES: Sequence[Rule] = (
    Rule(code="all_null", threshold=1, measure=_all_null, sentence="{name} holds no value at all."),
    Rule(code="many_nulls", threshold=0.2, measure=_nulls, sentence="{percent} of {name} are missing."),
    Rule(code="constant", threshold=1, measure=_constant, sentence="{name} holds one value only."),
    Rule(code="imbalance", threshold=0.95, measure=_imbalance, sentence="One value makes up {percent} of {name}."),
    Rule(code="unique", threshold=1, measure=_unique, sentence="{name} has no value twice.", level="info"),
    Rule(code="high_cardinality", threshold=0.5, measure=_cardinality, level="info",
         sentence="{name} has nearly as many different texts as rows: {percent}."),
    Rule(code="many_zeros", threshold=0.5, measure=_share("zeros"), sentence="{percent} of {name} are zero."),
    Rule(code="few_negatives", threshold=0.99, measure=_few_negatives,
         sentence="{name} holds very few negative numbers: {percent} are none."),
    Rule(code="nan", threshold=0, measure=_share("nan"), sentence="{percent} of {name} are NaN."),
    Rule(code="infinite", threshold=0, measure=_share("infinite"), sentence="{percent} of {name} are infinite."),
    Rule(code="skewed", threshold=3, measure=_absolute("skewness"), sentence="{name} is skewed: {value}."),
    Rule(code="heavy_tails", threshold=30, measure=_absolute("kurtosis"), level="info",
         sentence="{name} has heavy tails: an excess kurtosis of {value}."),
    Rule(code="outliers", threshold=10, measure=_outliers,
         sentence="{name} reaches {value} interquartile ranges beyond its quartiles."),
    Rule(code="empty_texts", threshold=0, measure=_share("empty"), sentence="{percent} of {name} are empty texts."),
    Rule(code="blank_texts", threshold=0, measure=_share("blank"), sentence="{percent} of {name} are white space."),
    Rule(code="padded_texts", threshold=0.001, measure=_share("padded"),
         sentence="{percent} of {name} begin or end with white space.", level="info"),
    Rule(code="long_texts", threshold=10_000, measure=_length, sentence="{name} holds texts of {value} characters.",
         level="info"),
    Rule(code="empty_lists", threshold=1, measure=_empty_lists, sentence="{name} holds empty lists.", level="info"),
    Rule(code="placeholder_words", threshold=0.0001, measure=_placeholder_word,
         sentence="{percent} of {name} are words for a missing value."),
    Rule(code="placeholder_numbers", threshold=0.001, measure=_placeholder_number,
         sentence="{percent} of {name} are a number at its end that may stand for a missing value."),
    Rule(code="placeholder_dates", threshold=1, measure=_placeholder_day,
         sentence="{name} begins or ends at a day that usually stands for a missing one."),
    Rule(code="numbers_as_text", threshold=0.9, measure=_meaning(*_TYPED), sentence="{percent} of {name} are numbers."),
    Rule(code="dates_as_text", threshold=0.9, measure=_meaning(*_TIMES),
         sentence="{percent} of {name} are dates or times."),
    Rule(code="booleans_as_text", threshold=0.9, measure=_meaning("boolean"),
         sentence="{percent} of {name} are words for true and false."),
    Rule(code="impure", threshold=0.9, measure=_impure,
         sentence="Of {name} all but a few values are alike in meaning: {percent}."),
    Rule(code="personal_data", threshold=0, measure=_pii, sentence="{name} seems to hold personal data: {percent}."),
    Rule(code="missing_steps", threshold=0.01, measure=_steps_missing, level="info",
         sentence="Between the first and the last of {name} {percent} of the steps are missing."),
)  # fmt: skip
