"""Digests of what was asked, to tell whether it was asked before."""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from gateway.json_text import stored_json

MOST_KNOWN: Final = 1_024
LONGEST_KNOWN: Final = 1_024  # characters
CANONICAL: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def request_digest(asked: object) -> bytes:
    """Of a request's body: equal for two that say the same, in whatever order and with whatever white space."""
    return hashlib.sha256(canonical_json(asked)).digest()


def named_digest(asked: object, *, route: str) -> bytes:
    """Of a request with a key: the same body means something else to another route."""
    return request_digest([route, asked])


def question_digest(*, tenant: str, kind: str, params: Mapping[str, Any]) -> bytes:
    """Of what is asked of the inputs. record_tasks.sql and retry_task.sql add the digests of those, which they know."""
    return hashlib.sha256(canonical_json([tenant, kind, params])).digest()


def digest_of_text(*, tenant: str, kind: str, params: str) -> bytes:
    """The same, of params that are a JSON text already; those of short ones are remembered, since many ask the same."""
    return (_remembered if len(params) <= LONGEST_KNOWN else _of_text)(tenant, kind, params)


def _of_text(tenant: str, kind: str, params: str) -> bytes:
    return question_digest(tenant=tenant, kind=kind, params=stored_json(params))


_remembered = lru_cache(maxsize=MOST_KNOWN)(_of_text)


def canonical_json(value: object) -> bytes:
    """A JSON value as the one text that stands for all texts of it."""
    return CANONICAL.encode(value).encode()
