"""Who a processor is, as the others see it."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from common.ids import ProcessorId


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One run of a processor; a restarted one is another.

    Attributes:
        name: host and process, for people.
        version: of the release.
        kinds: the kinds it claims, and the version of each that it runs.
        confinement: the walls around its children that are active.
    """

    id: ProcessorId
    name: str
    version: str
    kinds: Mapping[str, str]
    confinement: tuple[str, ...] = ()


def processor_name() -> str:
    """`host:pid`."""
    return f"{socket.gethostname()}:{os.getpid()}"
