"""The headers of a request, for the layers that every request goes through: nothing is built to look at it."""

from starlette.types import Scope


def header(scope: Scope, name: bytes) -> str | None:
    """The first header of this name; None if none was sent.

    Args:
        scope: of a request whose server gives the names in lower case, as ASGI has it.
        name: in lower case.
    """
    for key, value in scope["headers"]:
        if key == name:
            text: str = value.decode("latin-1")
            return text
    return None


def header_list(scope: Scope, name: bytes) -> str | None:
    """All that was sent under this name; None if nothing was.

    Several lines of a header whose value is a list are one list (RFC 9110, section 5.3).

    Args:
        scope: as of `header`.
        name: in lower case.
    """
    lines = [value.decode("latin-1") for key, value in scope["headers"] if key == name]
    return ", ".join(lines) if lines else None
