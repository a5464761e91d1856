"""A task as a form with the file itself: `curl -F kind=profile -F data=@flights.csv -F params='{"top_k": 5}'`."""

from collections.abc import AsyncIterator
from typing import Any, Final

import asyncpg

from gateway.datasets import Datasets
from gateway.deeds import Deeds
from gateway.errors import BodyInvalidError, DigestMismatchError, Fault, RequestInvalidError
from gateway.form import Form, Part
from gateway.json_pointer import pointer
from gateway.json_text import parse_json
from gateway.submission import Submission
from gateway.submission_faults import UNKNOWN_FIELD

JSON_FIELDS: Final = frozenset(
    {"inputs", "params", "priority", "run_at", "timeout_s", "memory_mb", "max_attempts", "reuse"}
)
OBJECTS: Final = frozenset({"inputs", "params"})


async def read_task_form(
    stream: AsyncIterator[bytes], *, content_type: str, datasets: Datasets, tenant: str, limit: int, deeds: Deeds
) -> dict[str, Any]:
    """A task as a JSON body would ask for it; each file becomes a dataset and the input that its field names.

    Args:
        stream: the body.
        content_type: the request's.
        datasets: takes the files.
        tenant: whose they are.
        limit: the most bytes that all fields without a file may have together.
        deeds: is told of each dataset that is new.

    Raises:
        BodyInvalidError, RequestInvalidError: the form or a field of it cannot be read.
        DigestMismatchError: it is not the form that the client meant; none of its files is kept.
    """
    asked: dict[str, Any] = {}
    files: dict[str, asyncpg.Record] = {}
    try:
        async for part in Form(stream, content_type=content_type).parts():
            if part.head.filename is None:
                text = await part.text(limit=limit)
                limit -= len(text)
                _take_field(asked, name=part.head.name, text=text)
            elif part.head.name in files:
                raise RequestInvalidError([Fault(pointer=pointer(["inputs", part.head.name]), detail="came twice")])
            else:
                files[part.head.name] = await _hand_in(part, datasets=datasets, tenant=tenant, deeds=deeds)
    except DigestMismatchError:  # known at the form's end, when its files have been taken
        await datasets.take_back(files.values(), tenant=tenant, deeds=deeds)
        raise
    named = asked.setdefault("inputs", {})
    if isinstance(named, dict):
        named.update({name: str(row["id"]) for name, row in files.items()})
    return asked


async def _hand_in(part: Part, *, datasets: Datasets, tenant: str, deeds: Deeds) -> asyncpg.Record:
    return await datasets.hand_in(
        part.chunks(), tenant=tenant, name=part.head.filename or "", sent_media_type=part.head.media_type, deeds=deeds
    )


def _take_field(asked: dict[str, Any], *, name: str, text: str) -> None:
    if name == "tags":
        asked.setdefault("tags", []).append(text)
    elif name in JSON_FIELDS:
        asked[name] = _json_field(name, text)
    elif name in Submission.model_fields:
        asked[name] = text
    else:
        fault = Fault(pointer=pointer([name]), detail=UNKNOWN_FIELD)
        raise RequestInvalidError([fault], advice=f"If it is a file, then with an @: curl -F {name[:40]}=@FILE.")


def _json_field(name: str, text: str) -> Any:
    if name == "run_at" and not text.startswith('"'):
        return text
    try:
        return parse_json(text)
    except BodyInvalidError as error:
        if name not in OBJECTS:
            return text  # which is judged as what it is: no number, not true or false
        detail = f"must be an object as JSON. {error.message}"
        raise RequestInvalidError([Fault(pointer=pointer([name]), detail=detail)]) from error
