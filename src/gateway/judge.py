"""What a kind's JSON Schema says of params. What it let pass is remembered, since many tasks ask with the same ones."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from jsonschema import Draft202012Validator, ValidationError
from referencing import Registry

from gateway.json_text import compact_json

MOST_KNOWN: Final = 256
LONGEST_KNOWN: Final = 1_024  # characters


class Judge:
    """Finds faults in params.

    Args:
        schema: that of the kind. A verdict depends on it and on the params alone, so one that was good stays good.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        # An empty registry: a $ref that leads out of the schema fails, instead of being fetched.
        self._validator = Draft202012Validator(schema, registry=Registry())
        self._good: dict[str, None] = {}

    def faults(self, params: Mapping[str, Any]) -> Iterator[ValidationError]:
        """Each fault, as it is found."""
        text = compact_json(params)
        if text in self._good:
            return
        is_good = True
        for fault in self._validator.iter_errors(params):
            is_good = False
            yield fault
        if is_good and len(text) <= LONGEST_KNOWN:
            self._remember(text)

    def _remember(self, text: str) -> None:
        while len(self._good) >= MOST_KNOWN:
            del self._good[next(iter(self._good))]
        self._good[text] = None
