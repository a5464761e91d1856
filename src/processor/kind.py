"""A kind: one analysis that can be asked for. Third parties add theirs through the entry-point group `sundog.kinds`."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from processor.result_schema import result_schema
from processor.run import Run

ENTRY_POINT_GROUP = "sundog.kinds"

log = logging.getLogger(__name__)

ParamsT = TypeVar("ParamsT", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One input of a task, brought to this machine: read it, never write it.

    Attributes:
        name: its name in the task's `inputs`.
        filename: the dataset's name as it was handed in (`flights.csv`); a hint of the format, never a path.
        path: where the bytes are.
        sha256: hex digest of the bytes.
        bytes: how many there are.
    """

    name: str
    filename: str
    path: Path
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an analysis found.

    Attributes:
        summary: a handful of figures for a list or a line of text; JSON values.
        data: the result itself; JSON values.
        rows: rows read of each input, by its name.
    """

    summary: Mapping[str, object]
    data: Mapping[str, object]
    rows: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[ParamsT]):
    """One analysis: its name, its parameters, its inputs and the function that does it.

    Attributes:
        name: lower-case word, unique among the kinds of a fleet.
        version: changes whenever the same input could give another result.
        title: a few words for a list of kinds.
        summary: a sentence or two for the catalogue.
        params: frozen pydantic model with `extra="forbid"`; its JSON Schema is announced to the gateways.
        inputs: name of each input → what it is; `common.words.ANY_INPUT` alone stands for one or more of any names.
            A name that ends with `?` may be left out: `reference?` is the input `reference`.
        example: params that work.
        analyse: the analysis. It raises `InputError` or `ParamsError` for what the caller can mend.
        report: makes an HTML page of the result's envelope, kept as its artifact `report.html`
            (`processor.report.report_of`); None for none.
        result: what `Outcome.summary`, `Outcome.data` and partial results look like, as definitions of JSON Schema
            (`processor.result_schema`); announced as a part of the schema of the whole result.
    """

    name: str
    version: str
    title: str
    summary: str
    params: type[ParamsT]
    inputs: Mapping[str, str]
    example: Mapping[str, object]
    analyse: Callable[[Run, Mapping[str, Input], ParamsT], Outcome]
    report: Callable[[Mapping[str, object]], str] | None = None
    result: Mapping[str, object] = field(default_factory=dict)

    def announcement(self) -> Mapping[str, object]:
        """What the gateways are told about this kind: JSON values."""
        return {
            "name": self.name,
            "version": self.version,
            "title": self.title,
            "summary": self.summary,
            "inputs": dict(self.inputs),
            "example": dict(self.example),
            "params_schema": self.params.model_json_schema(),
            "result_schema": result_schema(self.name, self.result),
        }


def installed_kinds() -> dict[str, Kind[Any]]:
    """All kinds that are installed on this machine, by name; importing them imports Polars.

    One that cannot be imported is logged and left out: a broken plug-in must not take the others with it.
    """
    kinds: dict[str, Kind[Any]] = {}
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        try:
            kind = entry.load()
            kinds[kind.name] = kind
        except Exception:
            log.exception("the kind %r cannot be imported and is not served", entry.name)
    return kinds
