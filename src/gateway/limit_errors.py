"""What is too much, too many or too slow, each with a code of its own; `gateway.problems` knows their HTTP status."""

from common.errors import SundogError


class HeadTooLargeError(SundogError):
    """The request's line and headers have more bytes than they may."""

    code = "head_too_large"


class TooManyStreamsError(SundogError):
    """The caller has as many streams open as one may have."""

    code = "too_many_streams"


class StreamsFullError(SundogError):
    """This gateway has as many streams open as it may have, or is about to stop."""

    code = "streams_full"


class AnswersFullError(SundogError):
    """So many large answers are still being taken by their clients that the gateway has no memory for another."""

    code = "answers_full"


class LaterError(SundogError):
    """There is too much of something now; `retry_after_s` says when there may be room."""

    def __init__(self, message: str, *, advice: str, retry_after_s: int) -> None:
        super().__init__(message, advice=advice)
        self.retry_after_s = retry_after_s


class TooManyRequestsError(LaterError):
    """The key has sent more requests than it may."""

    code = "too_many_requests"


class QueueFullError(LaterError):
    """The tenant has as many tasks waiting as it may have."""

    code = "queue_full"


class StorageFullError(SundogError):
    """The tenant has as many datasets, or as many bytes, as it may have."""

    code = "storage_full"


class RequestTooSlowError(SundogError):
    """The request did not come in time."""

    code = "request_too_slow"
