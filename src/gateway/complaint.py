"""One thing that a JSON Schema finds wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One word of a schema that a value breaks.

    Attributes:
        path: where the value stands in the params.
        word: the schema's; None where it is `false`, empty where nobody can say which.
        wanted: what stands beside the word.
        value: what breaks it; of `propertyNames`, the name.
        schema: that the word stands in.
        names: of `additionalProperties`, those that nobody knows.
        branches: what each of the schemas complains of that the word has; none where the value fits them.
    """

    path: Path
    word: str | None
    wanted: Any = None
    value: Any = None
    schema: Mapping[str, Any]
    names: Sequence[str] = ()
    branches: Sequence[Sequence["Complaint"]] = ()
