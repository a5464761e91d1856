"""What a kind's JSON Schema says of params: yes or no at once, and what is wrong only of those that it refuses.

A request must not cost more time than its size is worth, whatever is in it: `jsonschema_rs` reads a megabyte of params
in some 20 ms, remembers in a recursive schema what it has seen, and bounds what a pattern may cost. What it refuses is
inspected in bounded time (`gateway.inspection`).
"""

import logging
from collections.abc import Generator, Mapping
from functools import cached_property
from typing import Any, Final, TypeAlias

from jsonschema_rs import Draft202012Validator, Validator, ValidatorMap, validator_map_for

from gateway.complaint import Complaint, Path
from gateway.inspection import PATTERNS, Inspection
from gateway.patience import Patience

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

log = logging.getLogger(__name__)

Complaints: TypeAlias = Generator[Complaint, None, None]


class Judge:
    """Finds out whether params fit, and what is wrong with them if not.

    A schema that is none, or that leads out of itself, judges nothing: the processor does so when it takes the task.

    Args:
        schema: that of the kind.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = {**schema, "$schema": DIALECT}
        self._plain: dict[Path, Validator] = {}
        self._whole: Draft202012Validator | None = None
        try:
            self._whole = Draft202012Validator(
                self._schema, offline=True, validate_formats=False, pattern_options=PATTERNS
            )
        except ValueError as error:
            log.warning(
                "the schema of a kind's params cannot be used, so that only processors judge them",
                extra={"title": schema.get("title"), "error": str(error)[:500]},
            )

    def complaints(self, params: Mapping[str, Any], *, patience: Patience | None = None) -> Complaints:
        """Each, as it is found; none if the params fit. Who does not take all of them closes it.

        Args:
            params: of a task.
            patience: what is left of it, if there is more than these to be looked at.
        """
        if self._whole is None:
            return
        try:
            fit = self._whole.is_valid(params)
        except UnicodeEncodeError:  # half a character
            params = _of_whole_characters(params)
            fit = self._whole.is_valid(params)
        if fit:
            return
        patience = patience or Patience()
        inspection = Inspection(self._schema, judges=self._judges, plain=self._plain, patience=patience)
        with patience.spent():
            yield from inspection.complaints(params)

    @cached_property
    def _judges(self) -> ValidatorMap:
        """Made when something is refused for the first time: it takes as long as a thousand verdicts."""
        return validator_map_for(self._schema, offline=True, validate_formats=False, pattern_options=PATTERNS)


def _of_whole_characters(value: Any) -> Any:
    """The value with U+FFFD for each half of a character (a lone surrogate)."""
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case dict():
            return {_of_whole_characters(name): _of_whole_characters(inner) for name, inner in value.items()}
        case list():
            return [_of_whole_characters(inner) for inner in value]
        case _:
            return value
