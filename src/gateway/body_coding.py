"""What a body says that it is besides its type: as it stands, and all of it. Anything else would be taken for that."""

from typing import Final

from starlette.requests import Request

from gateway.errors import ContentCodingError, PartialUploadError
from gateway.header import header, header_list

PLAIN: Final = frozenset({"", "identity"})


def check_plain(request: Request) -> None:
    """Pass if a body is not coded: nobody undoes that here, so its coded bytes would be taken for what they code.

    Raises:
        ContentCodingError: it is (RFC 9110, section 15.5.16).
    """
    codings = header_list(request.scope, b"content-encoding") or ""
    if any(coding.strip().lower() not in PLAIN for coding in codings.split(",")):
        raise ContentCodingError(
            "A body with a Content-Encoding is not taken.",
            advice="Send it without that header; a file that is compressed, like a.csv.gz, as it is.",
        )


def check_whole(request: Request) -> None:
    """Pass if a body does not say that it is a part, as that of an upload that is resumed (`curl -C`) does.

    Raises:
        PartialUploadError: it does (RFC 9110, section 14.5).
    """
    if header(request.scope, b"content-range") is not None:
        raise PartialUploadError(
            "A part of a file is not taken: uploads cannot be resumed.", advice="Send the whole file, without -C."
        )
