"""Holds every result that a test makes to the schema that its kind announces."""

import json
from functools import cache
from typing import Any

from jsonschema_rs import Draft202012Validator, Validator

from helpers.recording_run import RecordingRun
from processor.kind import Kind, Outcome
from processor.result_schema import result_schema


def hold_to_schema(kind: Kind[Any], outcome: Outcome, run: RecordingRun) -> Outcome:
    """The outcome, if its summary, its data and all partial results of the run are as announced."""
    check(kind, "Summary", outcome.summary)
    check(kind, "Data", outcome.data)
    for partial, is_estimate in run.partials:
        check(kind, "Partial", partial)
        assert isinstance(is_estimate, bool)
    return outcome


def check(kind: Kind[Any], part: str, value: object) -> None:
    """Raise where a part of a result is not as announced."""
    definitions = result_schema(kind.name, kind.result)["$defs"]
    schema = json.dumps({"$ref": f"#/$defs/{part}", "$defs": definitions})
    _compiled(schema).validate(json.loads(json.dumps(value, allow_nan=False)))


@cache
def _compiled(schema: str) -> Validator:
    """Results of hundreds of columns have hundreds of thousands of parts to look at."""
    return Draft202012Validator(json.loads(schema))
