"""The operations on who asks."""

from typing import Final

from gateway.openapi import shapes
from gateway.openapi.operation import (
    ASKS_DATABASE,
    CURSOR,
    JSON,
    KNOWN,
    LIMIT,
    PRETTY,
    Answer,
    Operation,
    query,
)

CALLERS: Final = "Who you are"
KEY: Final = {
    "type": "object",
    "required": ["key"],
    "properties": {"key": {"type": "string", "pattern": "^sundog_[a-z0-9]{12}_[A-Za-z0-9_-]{43}$"}},
}

OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/v1/session",
        name="showSession",
        group=CALLERS,
        says="Who asks.",
        parameters=(PRETTY,),
        answers={200: Answer(says="You.", shape=shapes.Session)},
        errors=ASKS_DATABASE,
    ),
    Operation(
        method="POST",
        path="/v1/session",
        name="openSession",
        group=CALLERS,
        says="Log a browser in.",
        parameters=(PRETTY,),
        body={JSON: KEY},
        answers={200: Answer(says="You are in.", shape=shapes.Session, headers=("Set-Cookie",))},
        errors=(
            *(
                "body_invalid",
                "key_refused",
                "media_type_unsupported",
                "request_invalid",
                "too_large",
                "too_many_requests",
            ),
            *ASKS_DATABASE,
        ),
    ),
    Operation(
        method="DELETE",
        path="/v1/session",
        name="closeSession",
        group=CALLERS,
        says="Log out.",
        parameters=(PRETTY,),
        answers={204: Answer(says="You are out.", headers=("Set-Cookie", "Clear-Site-Data"))},
        errors=ASKS_DATABASE,
    ),
    Operation(
        method="GET",
        path="/v1/audit",
        name="listAudit",
        group=CALLERS,
        says="Who did what, newest first.",
        parameters=(LIMIT, CURSOR, query("unknown", "1: what nobody did who is known.", enum=["0", "1"]), PRETTY),
        answers={200: Answer(says="A page.", shape=shapes.AuditPage, headers=("Link",))},
        errors=ASKS_DATABASE,
    ),
    Operation(
        method="GET",
        path="/login",
        name="showLogin",
        is_page=True,
        group=CALLERS,
        says="The page on which a browser logs in.",
        parameters=(KNOWN,),
        answers={
            200: Answer(says="The page.", media_types=("text/html",), headers=("ETag",)),
            304: Answer(says="What the client has is still right."),
        },
    ),
)
