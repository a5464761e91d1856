"""A task as a form with the file itself: `curl -F kind=profile -F data=@flights.csv -F params='{"top_k": 5}'`."""

import re
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any, Final

from gateway.arrivals import Arrivals
from gateway.errors import BodyInvalidError, Fault, RequestInvalidError
from gateway.form import Form
from gateway.json_pointer import pointer
from gateway.json_text import parse_json
from gateway.submission import Submission
from gateway.submission_faults import UNKNOWN_FIELD

JSON_FIELDS: Final = frozenset(
    {"inputs", "params", "priority", "run_at", "timeout_s", "memory_mb", "max_attempts", "reuse"}
)
OBJECTS: Final = frozenset({"inputs", "params"})
NUMBER_OR_FLAG: Final = re.compile(r"-?(?:0|[1-9]\d{0,19})(?:\.\d{1,20})?|true|false", re.ASCII)


async def read_task_form(
    stream: AsyncIterator[bytes], *, content_type: str, arrivals: Arrivals, limit: int
) -> dict[str, Any]:
    """A task as a JSON body would ask for it; each file becomes a dataset and the input that its field names.

    Args:
        stream: the body.
        content_type: the request's.
        arrivals: takes the files, and records them when all of the form has come and can be read.
        limit: the most bytes that all fields without a file may have together.

    Raises:
        BodyInvalidError, RequestInvalidError: the form or a field of it cannot be read.
        DigestMismatchError: it is not the form that the client meant.
    """
    asked: dict[str, Any] = {}
    files: list[str] = []
    async for part in Form(stream, content_type=content_type).parts():
        name = part.head.name
        if part.head.filename is None:
            text = await part.text(limit=limit)
            limit -= len(text)
            _take_field(asked, name=name, text=text)
        elif name in files:
            raise RequestInvalidError([Fault(pointer=pointer(["inputs", name]), detail="came twice")])
        else:
            await arrivals.take(part.chunks(), name=part.head.filename, sent_media_type=part.head.media_type)
            files.append(name)
    _check_once(asked, files)
    named = asked.setdefault("inputs", {})
    rows = await arrivals.record() if files else []
    if isinstance(named, dict):
        named.update({name: str(row["id"]) for name, row in zip(files, rows, strict=True)})
    return asked


def _check_once(asked: Mapping[str, Any], files: Collection[str]) -> None:
    """See that no input is said twice, as a file and in `inputs`."""
    named = asked.get("inputs")
    both = [name for name in files if isinstance(named, dict) and name in named]
    if both:
        raise RequestInvalidError(
            [Fault(pointer=pointer(["inputs", name]), detail="came as a file and in the field inputs") for name in both]
        )


def _take_field(asked: dict[str, Any], *, name: str, text: str) -> None:
    if name == "tags":
        asked.setdefault("tags", []).append(text)
    elif name in asked:
        raise RequestInvalidError([Fault(pointer=pointer([name]), detail="came twice")])
    elif name in JSON_FIELDS:
        asked[name] = _json_field(name, text)
    elif name in Submission.model_fields:
        asked[name] = text
    else:
        fault = Fault(pointer=pointer([name]), detail=UNKNOWN_FIELD)
        raise RequestInvalidError([fault], advice=_instead(name[:40], text))


def _instead(name: str, text: str) -> str:
    """What somebody may have meant by a field that is none."""
    value = text if NUMBER_OR_FLAG.fullmatch(text) else "…"
    return (
        f"If it is a file, then with an @: curl -F {name}=@FILE. "
        f"If it is a parameter of the kind, then as JSON: curl -F params='{{\"{name}\": {value}}}'."
    )


def _json_field(name: str, text: str) -> Any:
    if name == "run_at" and not text.startswith('"'):
        return text
    try:
        return parse_json(text)
    except RequestInvalidError as error:
        raise error.inside(pointer([name])) from error
    except BodyInvalidError as error:
        if name not in OBJECTS:
            return text  # which is judged as what it is: no number, not true or false
        detail = f"must be an object as JSON. {error.message}"
        raise RequestInvalidError([Fault(pointer=pointer([name]), detail=detail)]) from error
