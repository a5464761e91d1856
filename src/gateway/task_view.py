"""Tasks as they are shown. Rows are those of select_tasks.sql."""

from collections.abc import Mapping
from typing import Any, Final

from gateway.json_text import instant, stored_json
from gateway.paths import task_path

Row = Mapping[str, Any]  # what asyncpg gives: columns by name

PLAIN: Final = ("tenant", "kind", "state", "priority", "timeout_s", "memory_mb", "max_attempts", "version")
PARTS: Final = ("events", "result", "artifacts", "cancel", "retry")
TIMES: Final = ("run_at", "created_at", "started_at", "finished_at", "cancel_requested_at")


def task_view(row: Row) -> dict[str, object]:
    """One task as in a list: without its attempts."""
    identity, progress = str(row["id"]), row["progress"]
    view: dict[str, object] = {"id": identity}
    for name in PLAIN:
        view[name] = row[name]
    view["tags"] = list(row["tags"])
    view["inputs"] = _json(row["inputs"]) or {}
    view["params"] = _json(row["params"])
    view["progress"] = None if progress is None else {"rev": row["progress_rev"], **_json(progress)}
    view["error"] = _json(row["error"])
    for name in TIMES:
        view[name] = instant(row[name])
    view["urls"] = _urls(task_path(identity))
    return view


def task_view_with_attempts(row: Row) -> dict[str, object]:
    """One task with its attempts."""
    view = task_view(row)
    view["attempts"] = [
        {**attempt, "started_at": instant(attempt["started_at"]), "finished_at": instant(attempt["finished_at"])}
        for attempt in _json(row["attempts"]) or ()
    ]
    return view


def task_etag(row: Row) -> str:
    """Changes with every change of the task that a caller can see; progress counts revs of its own."""
    return f'"{row["version"]}-{row["progress_rev"] or 0}"'


def _urls(path: str) -> Mapping[str, str]:
    """Where the rest of a task is."""
    urls = {"self": path}
    for part in PARTS:
        urls[part] = f"{path}/{part}"
    return urls


def _json(text: str | None) -> Any:
    return None if text is None else stored_json(text)
