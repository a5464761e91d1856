"""Ids that clients choose for their tasks. They tell when the tasks were made, since lists are sorted by ids."""

import time
from typing import Final
from uuid import UUID

from common.ids import unix_ms_of
from gateway.errors import IdInvalidError

VERSION: Final = 7
OFF_MS: Final = 24 * 3_600_000


def own_id(text: str) -> UUID:
    """The id in a path.

    Raises:
        IdInvalidError: it is no UUID of version 7.
    """
    try:
        identity = UUID(text)
    except ValueError:
        identity = UUID(int=0)
    if identity.version != VERSION:
        raise IdInvalidError("A task's id is a UUID of version 7.", advice="uuidgen --time-v7 makes one.")
    return identity


def check_time(identity: UUID) -> None:
    """Pass if the time in an id is about now.

    Raises:
        IdInvalidError: it is not.
    """
    if abs(unix_ms_of(identity) - time.time() * 1_000) > OFF_MS:
        raise IdInvalidError("The time in a new task's id is off by more than a day.", advice="Make it anew.")
