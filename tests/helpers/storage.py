"""A storage of a test's own."""

from dataclasses import dataclass
from pathlib import Path

from common.settings import StorageSettings
from common.storage import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A storage, and the folder that it is."""

    storage: Storage
    folder: Path

    @classmethod
    def open(cls, folder: Path) -> "Stored":
        """The storage in this folder, made if missing."""
        return cls(storage=Storage.open(StorageSettings(url=folder.as_uri())), folder=folder)

    def files(self) -> list[Path]:
        """Every file in it, whatever it is."""
        return [path for path in self.folder.rglob("*") if path.is_file()]
