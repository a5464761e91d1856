"""The paths of what the interface shows, in one place, and the ids in them."""

from urllib.parse import quote
from uuid import UUID

from starlette.requests import Request

from gateway.errors import NotFoundError


def dataset_path(identity: UUID) -> str:
    """Of one dataset."""
    return f"/v1/datasets/{identity}"


def task_path(identity: UUID | str, part: str = "") -> str:
    """Of one task, or of a part of it."""
    return f"/v1/tasks/{identity}{part}"


def artifact_path(task: UUID, name: str) -> str:
    """Of one artifact of a task."""
    return task_path(task, f"/artifacts/{quote(name, safe='')}")


def path_id(request: Request, *, of: str) -> UUID:
    """The id in a request's path; what cannot be an id is the id of nothing.

    Args:
        request: its path parameter `id` is read.
        of: what has the id, for the sentence.

    Raises:
        NotFoundError: it is no id.
    """
    try:
        return UUID(request.path_params["id"])
    except ValueError as error:
        raise not_found(of) from error


def not_found(what: str) -> NotFoundError:
    """There is no such thing, or it is not the caller's."""
    return NotFoundError(f"There is no such {what}.", advice="Check the id in the URL.")
