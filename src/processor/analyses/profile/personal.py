"""What a column as the result shows it tells of persons, itself or in what is inside of it."""

from collections.abc import Iterator, Mapping
from typing import Any


def personal(column: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The findings of personal data in a column, then those in its fields or items, however deep."""
    yield from column.get("pii", ())
    for inner in (*column.get("fields", ()), *([column["items"]] if "items" in column else ())):
        yield from personal(inner)
