"""What the document says of one route and method."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pydantic import BaseModel

from gateway.access import GRANTS, Who
from gateway.presented import NO, YES

JSON: Final = "application/json"
FORM: Final = "multipart/form-data"
BYTES: Final = "application/octet-stream"
FEED: Final = ("text/event-stream", "application/x-ndjson", "text/plain")

# What any request may be answered with.
ALWAYS: Final = ("head_too_large", "host_refused", "internal", "request_malformed", "request_too_slow")
ASKS_DATABASE: Final = ("configuration", "database_unavailable")
OF_A_KEY: Final = ("key_missing", "key_refused", "origin_refused", "role_too_low", "too_many_requests")
OF_A_CHANGE: Final = ("origin_refused",)
OF_A_QUERY: Final = ("query_invalid",)  # of any parameter that is not declared

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A value beside the body."""

    name: str
    where: Literal["path", "query", "header"]
    schema: Schema
    description: str = ""

    def view(self) -> dict[str, Any]:
        """As the document has it."""
        return {
            "name": self.name,
            "in": self.where,
            "required": self.where == "path",
            "schema": self.schema,
            **({"description": self.description} if self.description else {}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A good answer: its shape, or the media types of what is no JSON."""

    says: str
    shape: type[BaseModel] | None = None
    media_types: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    links: tuple[str, ...] = ()  # operations that take the id in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one route.

    Attributes:
        name: unique; what generated clients call it.
        stands_at: the path in the document, if it is another: there, two paths may not differ by their names alone.
        body: media type → schema of what is sent.
        is_body_needed: without a body nothing can be done.
        is_page: a browser shows it, and nobody reads what stands in its URL's query.
        errors: the codes that it answers with, beside `ALWAYS`.
    """

    method: str
    path: str
    name: str
    group: str
    says: str
    answers: Mapping[int, Answer]
    parameters: tuple[Parameter, ...] = ()
    stands_at: str | None = None
    body: Mapping[str, Schema] = field(default_factory=dict)
    is_body_needed: bool = True
    is_page: bool = False
    errors: tuple[str, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code that it answers with, sorted."""
        of_a_change = OF_A_CHANGE if self.method not in {"GET", "HEAD"} else ()
        of_a_query = () if self.is_page else OF_A_QUERY
        return tuple(sorted({*ALWAYS, *of_a_change, *of_a_query, *self._of_a_key, *self.errors}))

    @property
    def is_for_anybody(self) -> bool:
        """Whether nobody is asked for a key."""
        return any(
            grant.who is Who.ANYBODY
            for (method, path), grant in GRANTS.items()
            if (method, path.replace(":path}", "}")) == (self.method, self.path)
        )

    @property
    def _of_a_key(self) -> tuple[str, ...]:
        """What only who may not come in is told."""
        return () if self.is_for_anybody else OF_A_KEY


def reference(name: str) -> Schema:
    """The component of this name."""
    return {"$ref": f"#/components/schemas/{name}"}


def path_id(of: str) -> Parameter:
    """The id in a path."""
    return Parameter(name="id", where="path", schema={"type": "string", "format": "uuid"}, description=f"Of the {of}.")


def query(name: str, description: str, **schema: Any) -> Parameter:
    """A parameter of the URL's query; a text if nothing else is said."""
    return Parameter(name=name, where="query", schema={"type": "string", **schema}, description=description)


def header(name: str, description: str, **schema: Any) -> Parameter:
    """A header that changes what a route does."""
    return Parameter(name=name, where="header", schema={"type": "string", **schema}, description=description)


PRETTY: Final = query("pretty", "Indent the JSON, also of an error: empty, 1 or true.", enum=[*YES, *NO])
LIMIT: Final = Parameter(
    name="limit",
    where="query",
    schema={"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
    description="Entries of a page.",
)
CURSOR: Final = query("cursor", "From the `next` of the page before.", pattern="^[A-Za-z0-9_-]{22}$")
KNOWN: Final = header("If-None-Match", "304 if this is still the ETag.")
WAIT: Final = header("Prefer", "`wait=N`: wait up to N seconds.")
IDEMPOTENCY_KEY: Final = header(
    "Idempotency-Key", "The same request with the same key does its work once.", pattern=r"^[!#-\[\]-~]{1,255}$"
)
DIGEST: Final = header("Repr-Digest", "`sha-256=:BASE64:`, compared with the bytes that come (RFC 9530).")
