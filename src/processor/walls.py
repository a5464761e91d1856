"""What a processor says of the walls around its children, and what it asks of them. They are built in the children."""

import logging
from collections.abc import Collection
from pathlib import Path

from common.errors import ConfigurationError
from common.storage import Storage
from processor.confinement.wall import Wall
from processor.settings import ProcessorSettings

log = logging.getLogger(__name__)


def hidden_folders(settings: ProcessorSettings, storage: Storage) -> tuple[Path, ...]:
    """What no child may read, wherever Python and its libraries are."""
    folders = (settings.work_dir, storage.local_folder)
    return tuple(folder.resolve() for folder in folders if folder is not None)


def tell_walls(walls: Collection[Wall], *, required: Collection[Wall]) -> None:
    """Say in the log which walls stand around the children.

    Raises:
        ConfigurationError: one that is required does not.
    """
    absent = [wall for wall in Wall if wall not in walls]
    if missing := [wall for wall in absent if wall in required]:
        raise ConfigurationError(
            f"This machine cannot confine analyses as required: {', '.join(missing)}.",
            advice="Use a newer kernel, let the container's seccomp profile allow it, or require less in "
            "SUNDOG_PROCESSOR_REQUIRE_CONFINEMENT.",
        )
    log.info("analyses are confined", extra={"walls": list(walls)})
    if absent:
        log.warning("walls that this machine does not have", extra={"walls": absent})
