from pathlib import Path

import pytest

from helpers.database import Database
from helpers.plugin_environment import environment_with_kind
from helpers.processors import ProcessorFactory
from plugins.breaking_kinds import ANALYSES


@pytest.fixture(scope="session")
def breaking_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The Python of an environment that has the breaking kinds."""
    module = Path(__file__).parents[2] / "plugins" / "breaking_kinds.py"
    kinds = [f"kind_{name.replace('-', '_')}" for name in ANALYSES]
    return environment_with_kind(module, folder=tmp_path_factory.mktemp("breaking"), kinds=kinds)


@pytest.fixture
def processors(database: Database, breaking_python: str, tmp_path: Path) -> ProcessorFactory:
    return ProcessorFactory(database=database, python=breaking_python, folder=tmp_path)
