"""What can be wrong with a request, each with a code of its own; `gateway.problems` knows their HTTP status."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from common.errors import SundogError


class NotFoundError(SundogError):
    """There is no such thing, or it is another tenant's."""

    code = "not_found"


class BodyInvalidError(SundogError):
    """The body is not what its content type says."""

    code = "body_invalid"


class MediaTypeError(SundogError):
    """The body's content type is none that this route takes."""

    code = "media_type_unsupported"


class ContentCodingError(MediaTypeError):
    """The body is compressed, or coded otherwise, and that is undone for nobody."""


class PartialUploadError(SundogError):
    """The body says that it is a part of something."""

    code = "partial_upload"


class QueryInvalidError(SundogError):
    """A parameter in the URL's query cannot be accepted."""

    code = "query_invalid"


class NameInvalidError(SundogError):
    """This cannot be the name of a dataset."""

    code = "name_invalid"


class DatasetNeededError(SundogError):
    """A task that has not ended needs the dataset."""

    code = "dataset_needed"


class DigestMismatchError(SundogError):
    """The bytes are not those that the client meant to send."""

    code = "digest_mismatch"


class DatasetEmptyError(SundogError):
    """No bytes came."""

    code = "dataset_empty"


class HeaderInvalidError(SundogError):
    """A header of the request cannot be accepted."""

    code = "header_invalid"


class IdInvalidError(SundogError):
    """This cannot be the id of a new task."""

    code = "id_invalid"


class IdempotencyKeyReusedError(SundogError):
    """The key came before with another request."""

    code = "idempotency_key_reused"


class TaskDiffersError(SundogError):
    """There is a task with this id that was asked for by another request."""

    code = "task_differs"


class TaskNotRetriableError(SundogError):
    """The task is in a state from which it cannot be retried like this."""

    code = "task_not_retriable"


class ResultNotReadyError(SundogError):
    """The task has not ended."""

    code = "result_not_ready"


class TaskFailedError(SundogError):
    """The task failed, so there is no result; `error` says why, as the task does."""

    code = "task_failed"

    def __init__(self, message: str, *, advice: str | None, error: Mapping[str, object]) -> None:
        super().__init__(message, advice=advice)
        self.error = error


class TaskCancelledError(SundogError):
    """The task was cancelled, so there is no result."""

    code = "task_cancelled"


class ResultGoneError(SundogError):
    """The task succeeded, but its result is no longer kept."""

    code = "result_gone"


class HostRefusedError(SundogError):
    """The Host header is none of the names under which this gateway is reached."""

    code = "host_refused"


class OriginRefusedError(SundogError):
    """A page of another site asked for a change."""

    code = "origin_refused"


class NotReadyError(SundogError):
    """The gateway cannot serve now."""

    code = "not_ready"


class RangeError(SundogError):
    """The range lies outside of the bytes; `size` is how many there are."""

    code: ClassVar[str] = "range_not_satisfiable"

    def __init__(self, message: str, *, size: int) -> None:
        super().__init__(message)
        self.size = size


class MethodError(SundogError):
    """The path is known, the method is not allowed there; `allowed` are those that are, `deeper` is where it is."""

    code = "method_not_allowed"

    def __init__(self, method: str, *, allowed: Sequence[str], deeper: str | None = None) -> None:
        instead = "" if deeper is None else f"; or {method} {deeper}"
        super().__init__(f"{method} is not allowed here.", advice=f"Use {' or '.join(allowed)}{instead}.")
        self.allowed = tuple(allowed)


class DatabaseUnavailableError(SundogError):
    """Postgres does not answer."""

    code = "database_unavailable"


class StorageUnavailableError(SundogError):
    """The storage does not answer."""

    code = "storage_unavailable"


class InternalError(SundogError):
    """Something that nobody thought of; the log has it in full under the request's id."""

    code = "internal"


class RequestMalformedError(SundogError):
    """This is no HTTP."""

    code = "request_malformed"


class NotAcceptableError(SundogError):
    """The client accepts none of the forms that there are."""

    code = "not_acceptable"


class KeyMissingError(SundogError):
    """Nothing says who asks."""

    code = "key_missing"


class KeyRefusedError(SundogError):
    """The key or the session is none, or holds no longer."""

    code = "key_refused"


class RoleTooLowError(SundogError):
    """The caller is known, and may not do this."""

    code = "role_too_low"
