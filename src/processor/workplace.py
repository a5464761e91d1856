"""A processor's own folder on its machine: the scratch of its children, and the inputs that it keeps.

Several processors may share a machine and its setting. Each takes the first numbered folder that nobody holds, so that
a processor which is started again finds the inputs of the one before, and removes what that one's children left behind.
"""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

from common.errors import ConfigurationError
from common.folder_lock import folder_lock


@contextmanager
def workplace(parent: Path) -> Iterator[Path]:
    """A folder below `parent` that is nobody else's as long as the block lasts."""
    with ExitStack() as stack:
        for number in count(1):
            folder = parent.resolve() / str(number)
            try:
                stack.enter_context(folder_lock(folder))
            except ConfigurationError:
                continue
            shutil.rmtree(folder / "children", ignore_errors=True)
            (folder / "children").mkdir()
            yield folder
            return
