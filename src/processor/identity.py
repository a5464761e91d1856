"""Who a processor is, as the others see it."""

import os
import socket
from dataclasses import dataclass

from common.ids import ProcessorId


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One run of a processor; a restarted one is another.

    Attributes:
        name: host and process, for people.
        version: of the release.
        kinds: names of the kinds it claims.
        confinement: the walls around its children that are active.
    """

    id: ProcessorId
    name: str
    version: str
    kinds: tuple[str, ...]
    confinement: tuple[str, ...] = ()


def processor_name() -> str:
    """`host:pid`."""
    return f"{socket.gethostname()}:{os.getpid()}"
