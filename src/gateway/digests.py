"""Digests of what was asked, to tell whether it was asked before."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def request_digest(asked: object) -> bytes:
    """Of a request's body: equal for two that say the same, in whatever order and with whatever white space."""
    return hashlib.sha256(canonical_json(asked)).digest()


def question_digest(*, tenant: str, kind: str, params: Mapping[str, Any]) -> bytes:
    """Of what is asked of the inputs. record_tasks.sql and retry_task.sql add the digests of those, which they know."""
    return hashlib.sha256(canonical_json([tenant, kind, params])).digest()


def canonical_json(value: object) -> bytes:
    """A JSON value as the one text that stands for all texts of it."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
