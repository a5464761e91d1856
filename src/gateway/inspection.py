"""Where params break a JSON Schema, and by which of its words: from outside to inside, in bounded time.

Whether a value fits is the quick judge's word alone, here as well: each part is asked about first, and looked into only
if it does not fit. So this costs what is wrong, not what is there. What is not worth looking into is not: a list that
is longer than it may be, or the branches of `oneOf` that its discriminator does not mean.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final
from urllib.parse import unquote

from jsonschema_rs import Draft202012Validator, FancyRegexOptions, Validator, ValidatorMap

from gateway.complaint import Complaint, Path
from gateway.json_pointer import pointer
from gateway.patience import EnoughError, Entry, Patience
from gateway.schema_parts import Look, parts_of, unknown_names, wrong_name

MOST_OF_ONE: Final = 20  # complaints about one value
MOST_REFERENCES: Final = 16  # that lead to each other

# Of those that look around or back; others take time by the length of the text alone.
PATTERNS: Final = FancyRegexOptions(backtrack_limit=10_000)

# Words that are about a value and not about what is in it; each can be judged alone.
PLAIN: Final = frozenset(
    {
        *("type", "enum", "const", "required", "dependentRequired", "pattern", "minLength", "maxLength", "uniqueItems"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        *("minItems", "maxItems", "minProperties", "maxProperties"),
    }
)
# What breaks one of these is not looked into.
LAST: Final = frozenset({"type", "maxItems", "maxProperties"})
# Each depends on all of a value or of its schema. If no other word is broken, and this one is there, it is this one.
LEFT: Final = ("contains", "unevaluatedProperties", "unevaluatedItems")


class Inspection:
    """One inspection of params that do not fit.

    Args:
        schema: the whole.
        judges: one for each schema in it.
        plain: the judges of single words that were needed before, by their places.
        patience: how long it may take.
    """

    def __init__(
        self, schema: Mapping[str, Any], *, judges: ValidatorMap, plain: dict[Path, Validator], patience: Patience
    ) -> None:
        self._schema = schema
        self._judges = judges
        self._plain = plain
        self._known: dict[Path, Callable[[object], bool]] = {}
        self._patience = patience

    def complaints(self, params: Mapping[str, Any]) -> Iterator[Complaint]:
        """Each, as it is found; one at least."""
        found = False
        try:
            for complaint in self._of(Look((), self._schema, params, ())):
                found = True
                yield complaint
        except (EnoughError, RecursionError) as enough:  # the latter where a schema leads to itself and on
            if not found:
                yield Complaint(path=enough.path if isinstance(enough, EnoughError) else (), word="", schema={})

    def _of(self, look: Look) -> Iterator[Complaint]:
        """What a schema complains of; nothing if the value fits."""
        if self._fits(look):
            return
        self._patience.go_on(look.path)
        if not isinstance(look.schema, Mapping):
            yield Complaint(path=look.path, word=None, wanted=False, value=look.value, schema={})
            return
        found = False
        for complaint in self._by_words(look):
            found = True
            yield complaint
        if not found:
            left = [word for word in LEFT if word in look.schema]
            yield look.complaint(left[0] if len(left) == 1 else "")

    def _by_words(self, look: Look) -> Iterator[Complaint]:
        broken = [word for word in look.schema if word in PLAIN and not self._keeps(look, word)]
        yield from map(look.complaint, broken)
        if LAST.isdisjoint(broken):
            yield from self._of_the_same(look)
            if isinstance(look.value, dict):
                yield from self._of_names(look)
            for part in parts_of(look, asks=self):
                yield from self._of(part)

    def _fits(self, look: Look) -> bool:
        self._patience.look(look.path)
        return self.fits(look.at)(look.value)

    def fits(self, at: Path) -> Callable[[object], bool]:
        """Tells whether a value fits the schema that stands there."""
        if at not in self._known:
            judge = self._judges.get("#" + pointer(at))
            self._known[at] = _no if judge is None else judge.is_valid
        return self._known[at]

    def matches(self, look: Look, pattern: str, name: str) -> bool:
        """Whether a pattern of the schema is found in a name."""
        return self._alone((*look.at, "patternProperties", pattern), {"pattern": pattern}).is_valid(name)

    def each(self, entries: Iterable[Entry], look: Look) -> Iterator[Entry]:
        """The entries of a value, as long as there is time."""
        return self._patience.each(entries, look.path)

    def _keeps(self, look: Look, word: str) -> bool:
        return self._alone((*look.at, word), {word: look.schema[word]}).is_valid(look.value)

    def _alone(self, at: Path, schema: Mapping[str, Any]) -> Validator:
        judge = self._plain.get(at)
        if judge is None:
            judge = self._plain[at] = Draft202012Validator(dict(schema), offline=True, pattern_options=PATTERNS)
        return judge

    def _of_names(self, look: Look) -> Iterator[Complaint]:
        if look.schema.get("additionalProperties") is False and (
            wrong := list(islice(unknown_names(look, asks=self), MOST_OF_ONE))
        ):
            yield look.complaint("additionalProperties", names=wrong)
        if "propertyNames" in look.schema and (name := wrong_name(look, asks=self)):
            yield look.complaint("propertyNames", names=[name.value], branches=[self._some(name)])

    def _of_the_same(self, look: Look) -> Iterator[Complaint]:
        """What the schemas complain of that the value itself must fit, too."""
        schema = look.schema
        if "$ref" in schema and (target := self._target(look)) is not None:
            yield from self._of(target)
        for number in range(len(schema.get("allOf", ()))):
            yield from self._of(look.beside("allOf", number))
        for word, most in (("anyOf", len(schema.get("anyOf", ()))), ("oneOf", 1)):
            if word in schema:
                yield from self._of_several(look, word, most=most)
        if "not" in schema and self._fits(look.beside("not")):
            yield look.complaint("not")
        if "if" in schema and (word := "then" if self._fits(look.beside("if")) else "else") in schema:
            yield from self._of(look.beside(word))

    def _of_several(self, look: Look, word: str, *, most: int) -> Iterator[Complaint]:
        branches = [look.beside(word, number) for number in range(len(look.schema[word]))]
        fitting = sum(map(self._fits, branches))
        if fitting > most:
            yield look.complaint(word)
        elif not fitting:
            yield self._of_branches(look, word, branches)

    def _of_branches(self, look: Look, word: str, branches: Sequence[Look]) -> Complaint:
        tags = [self._tag(look, branch) for branch in branches]
        if all(tag is not None for tag in tags):
            meant = [branch for branch, tag in zip(branches, tags, strict=True) if tag is not None and self._has(tag)]
            if not meant:
                names = [value for tag in tags if tag is not None for value in _values(tag.schema)]
                return look.complaint("discriminator", names=names)
            branches = meant
        return look.complaint(word, branches=[self._some(branch) for branch in branches])

    def _has(self, tag: Look) -> bool:
        """Whether the value's property is one of those that mean a branch."""
        name = tag.at[-1]
        if name not in tag.value:
            return False
        return self._fits(Look(tag.at, tag.schema, tag.value[name], tag.path))

    def _tag(self, look: Look, branch: Look) -> Look | None:
        """What a branch wants of the property that names it; None if there is none, or it may have any value."""
        match look.schema.get("discriminator"):
            case {"propertyName": str(name)} if isinstance(look.value, dict):
                pass
            case _:
                return None
        for _ in range(MOST_REFERENCES):
            target = self._target(branch)
            if target is None:
                break
            branch = target
        match branch.schema:
            case {"properties": {**properties}} if name in properties and _values(properties[name]):
                return branch.beside("properties", name)
            case _:
                return None

    def _some(self, look: Look) -> list[Complaint]:
        return list(islice(self._of(look), MOST_OF_ONE))

    def _target(self, look: Look) -> Look | None:
        """The value beside the schema that a reference leads to; None if there is none within the whole."""
        reference = look.schema.get("$ref") if isinstance(look.schema, Mapping) else None
        if not isinstance(reference, str) or not reference.startswith("#"):
            return None
        whole = Look((), self._schema, look.value, look.path)
        here: Any = self._schema
        steps: list[str | int] = []
        for part in unquote(reference[1:]).split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            steps.append(int(name) if isinstance(here, list) and name.isdecimal() else name)
            try:
                here = here[steps[-1]]
            except (KeyError, IndexError, TypeError):
                return None
        return whole.beside(*steps)


def _no(_value: object) -> bool:
    return False


def _values(schema: object) -> list[Any]:
    """What a schema takes, if it names it."""
    match schema:
        case {"const": value}:
            return [value]
        case {"enum": [*values]}:
            return values
        case _:
            return []
