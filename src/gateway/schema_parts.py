"""A value beside the schema that it breaks, and the values within it, each beside the schema that it must fit."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from gateway.complaint import Complaint, Path
from gateway.patience import Entry


class Asks(Protocol):
    """The quick judge."""

    def fits(self, at: Path) -> Callable[[object], bool]:
        """Tells whether a value fits the schema that stands there."""

    def matches(self, look: "Look", pattern: str, name: str) -> bool:
        """Whether a pattern of the schema is found in a name."""

    def each(self, entries: Iterable[Entry], look: "Look") -> Iterator[Entry]:
        """The entries of a value, as long as there is time."""


@dataclass(frozen=True, slots=True)
class Look:
    """A value and a schema.

    Attributes:
        at: where the schema stands in the whole one.
        schema: the schema.
        value: the value.
        path: where the value stands in the params.
    """

    at: Path
    schema: Any
    value: Any
    path: Path

    def complaint(self, word: str, **more: Any) -> Complaint:
        """That the value breaks a word of the schema."""
        wanted = self.schema.get(word)
        return Complaint(path=self.path, word=word, wanted=wanted, value=self.value, schema=self.schema, **more)

    def beside(self, *steps: str | int) -> "Look":
        """The same value, with a schema that stands inside of this one."""
        return Look((*self.at, *steps), _inside(self.schema, steps), self.value, self.path)

    def within(self, key: str | int, *steps: str | int) -> "Look":
        """A value within, with a schema that stands inside of this one."""
        return Look((*self.at, *steps), _inside(self.schema, steps), self.value[key], (*self.path, key))


def parts_of(look: Look, *, asks: Asks) -> Iterator[Look]:
    """What an object or a list holds that may not be as the schema says."""
    if isinstance(look.value, dict):
        yield from _of_object(look, asks)
    elif isinstance(look.value, list):
        yield from _of_list(look, asks)


def unknown_names(look: Look, *, asks: Asks) -> Iterator[str]:
    """The names in an object for which there is neither a property nor a pattern."""
    known = look.schema.get("properties", {})
    patterns = look.schema.get("patternProperties", ())
    for name in asks.each(look.value, look):
        if name not in known and not any(asks.matches(look, pattern, name) for pattern in patterns):
            yield name


def wrong_name(look: Look, *, asks: Asks) -> Look | None:
    """The first name in an object that may not be as it is: all of them stand at one place."""
    at, schema = (*look.at, "propertyNames"), look.schema["propertyNames"]
    fits = asks.fits(at)
    wrong = (Look(at, schema, name, look.path) for name in asks.each(look.value, look) if not fits(name))
    return next(wrong, None)


def _of_object(look: Look, asks: Asks) -> Iterator[Look]:
    for name in look.schema.get("properties", ()):
        if name in look.value:
            yield look.within(name, "properties", name)
    yield from _of_other_names(look, asks)
    for name in look.schema.get("dependentSchemas", ()):
        if name in look.value:
            yield look.beside("dependentSchemas", name)


def _of_other_names(look: Look, asks: Asks) -> Iterator[Look]:
    for pattern in look.schema.get("patternProperties", ()):
        for name in asks.each(look.value, look):
            if asks.matches(look, pattern, name):
                yield look.within(name, "patternProperties", pattern)
    if look.schema.get("additionalProperties", False) is not False:
        fits = asks.fits((*look.at, "additionalProperties"))
        for name in unknown_names(look, asks=asks):
            if not fits(look.value[name]):
                yield look.within(name, "additionalProperties")


def _of_list(look: Look, asks: Asks) -> Iterator[Look]:
    first = len(look.schema.get("prefixItems", ()))
    for number in range(min(first, len(look.value))):
        yield look.within(number, "prefixItems", number)
    if "items" in look.schema:
        fits = asks.fits((*look.at, "items"))
        for number, value in enumerate(asks.each(islice(look.value, first, None), look), first):
            if not fits(value):
                yield look.within(number, "items")


def _inside(schema: Any, steps: tuple[str | int, ...]) -> Any:
    for step in steps:
        schema = schema[step]
    return schema
