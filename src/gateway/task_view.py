"""Tasks as they are shown. Rows are those of select_tasks.sql."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from gateway.json_text import instant, stored_json
from gateway.paths import task_path

Row = Mapping[str, Any]  # what asyncpg gives: columns by name

PLAIN: Final = ("tenant", "kind", "state", "priority", "timeout_s", "memory_mb", "max_attempts", "version")
PARTS: Final = ("events", "result", "artifacts", "cancel", "retry")
TIMES: Final = ("run_at", "created_at", "started_at", "finished_at", "cancel_requested_at")


def task_view(row: Row) -> dict[str, object]:
    """One task as in a list: without its attempts."""
    return {
        "id": str(row["id"]),
        **{name: row[name] for name in PLAIN},
        "tags": list(row["tags"]),
        "inputs": _json(row["inputs"]) or {},
        "params": _json(row["params"]),
        "progress": None if row["progress"] is None else {"rev": row["progress_rev"], **_json(row["progress"])},
        "error": _json(row["error"]),
        **{name: instant(row[name]) for name in TIMES},
        "urls": task_urls(row["id"]),
    }


def task_view_with_attempts(row: Row) -> dict[str, object]:
    """One task with its attempts."""
    attempts = _json(row["attempts"]) or []
    shown = [
        {**attempt, "started_at": instant(attempt["started_at"]), "finished_at": instant(attempt["finished_at"])}
        for attempt in attempts
    ]
    return {**task_view(row), "attempts": shown}


def task_etag(row: Row) -> str:
    """Changes with every change of the task that a caller can see; progress counts revs of its own."""
    return f'"{row["version"]}-{row["progress_rev"] or 0}"'


def task_urls(identity: UUID) -> Mapping[str, str]:
    """Where the rest of a task is."""
    path = task_path(identity)
    return {"self": path, **{part: f"{path}/{part}" for part in PARTS}}


def _json(text: str | None) -> Any:
    return None if text is None else stored_json(text)
