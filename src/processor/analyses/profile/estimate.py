"""What a part of the table lets expect of the whole."""

from collections.abc import Mapping

_COUNTS = frozenset({"count", "nulls", "zeros", "negatives", "nan", "infinite", "empty", "blank", "padded"})
# What a part cannot tell of the whole is left out.
_WHOLE = frozenset({"sum", "steps", "steps_missing", "rare"})


def scaled(column: Mapping[str, object], factor: float, method: str) -> dict[str, object]:
    """A column of a part with its counts stretched to the whole table; `distinct` stays what was seen.

    Args:
        column: as `shown` gives it.
        factor: rows of the whole for each of the part.
        method: how the part was taken, in a word.
    """
    found = {key: _stretched(key, value, factor) for key, value in column.items() if key not in _WHOLE}
    label = {"exact": False, "method": method}
    for key in ("distinct", "unique", "quantiles", "largest_gap"):
        if isinstance(value := found.get(key), dict):
            found[key] = {part: what for part, what in value.items() if part != "error"} | label
    match found:
        case {"histogram": {"edges": edges, "counts": list(counts)}}:
            found["histogram"] = {"edges": edges, "counts": [round(count * factor) for count in counts]}
    match found:
        case {"fields": list(fields)}:
            found["fields"] = [scaled(field, factor, method) for field in fields]
    match found:
        case {"items": dict(items)}:
            found["items"] = scaled(items, factor, method)
    return found


def _stretched(key: str, value: object, factor: float) -> object:
    match key, value:
        case ("top", list(top)):
            return [{"value": item["value"], "count": round(item["count"] * factor), "exact": False} for item in top]
        case (_, bool()):
            return value
        case (_, int(number)) if key in _COUNTS:
            return round(number * factor)
    return value
