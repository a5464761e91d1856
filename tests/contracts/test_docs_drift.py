"""The docs name every setting, route, error code and benchmark, and none that is not there."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings
from starlette.applications import Starlette
from starlette.routing import Route

import gateway.settings
import processor.settings
from common import settings as common_settings
from common.database import SESSION
from common.notifier import Notifier
from common.settings import StorageSettings
from common.storage import Storage
from gateway.app import create_app
from gateway.problems import PROBLEMS
from gateway.settings import GatewaySettings
from helpers.live import idle_live

DOCS = Path(__file__).parents[2] / "docs"
ROUTE = re.compile(r"^### `([A-Z]+) (/\S*)`$", re.MULTILINE)
CODE = re.compile(r"^\| `([a-z_]+)` \| (\d{3}) \|", re.MULTILINE)
VARIABLE = re.compile(r"^\| `(SUNDOG_[A-Z_]+)` \| (.*) \| (.*) \|$", re.MULTILINE)
# Read by the command line itself, before there are settings.
OF_THE_COMMAND_LINE = {
    "SUNDOG_MIGRATE_GATEWAY_PASSWORD",
    "SUNDOG_MIGRATE_PROCESSOR_PASSWORD",
    "SUNDOG_POSTGRES_BIN",
}


def settings_classes() -> Iterator[type[BaseSettings]]:
    for module in (common_settings, gateway.settings, processor.settings):
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, BaseSettings) and value.__module__ == module.__name__:
                yield value


def variables() -> dict[str, FieldInfo]:
    return {
        str(settings.model_config.get("env_prefix", "")) + name.upper(): field
        for settings in settings_classes()
        for name, field in settings.model_fields.items()
    }


def default_as_documented(field: FieldInfo) -> str | None:
    """None where it depends on the machine."""
    if field.default_factory is not None:
        return None
    return as_written(field.default)


def as_written(default: Any) -> str:
    if default is PydanticUndefined:
        return "required"
    if default is None or default == ():
        return "none"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


@pytest.fixture
async def app(tmp_path: Path) -> Starlette:
    pool = asyncpg.create_pool("postgresql://nobody@127.0.0.1:1/nowhere", min_size=0)
    storage = Storage.open(StorageSettings(url=tmp_path.as_uri()))
    return create_app(
        pool=pool, storage=storage, notifier=Notifier(pool=pool), live=idle_live(pool), settings=GatewaySettings()
    )


def served(app: Starlette) -> Iterable[tuple[str, str]]:
    for route in app.routes:
        assert isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}:
            yield method, route.path.replace(":path}", "}")


async def test_every_route_is_documented(app: Starlette) -> None:
    documented = ROUTE.findall((DOCS / "http-api.md").read_text("utf-8"))

    assert sorted(documented) == sorted(set(served(app)))


def test_every_error_code_is_documented_with_its_status() -> None:
    documented = CODE.findall((DOCS / "errors.md").read_text("utf-8"))

    assert documented == sorted((code, str(problem.status)) for code, problem in PROBLEMS.items())


def test_every_setting_is_documented_as_it_describes_itself() -> None:
    documented = {name: (default, text) for name, default, text in VARIABLE.findall(configuration())}
    described = variables()

    assert documented.keys() - OF_THE_COMMAND_LINE == described.keys()
    for name, field in described.items():
        default, text = documented[name]
        assert text == field.description, name
        assert default_as_documented(field) in {default, None}, name


def test_a_pooler_is_told_of_every_start_up_parameter() -> None:
    operations = (DOCS / "operations.md").read_text("utf-8")
    (ignored,) = re.findall(r"^ignore_startup_parameters = (\S+)$", operations, re.MULTILINE)

    assert ignored.split(",") == list(SESSION)


def test_settings_are_frozen_and_described() -> None:
    for settings in settings_classes():
        assert settings.model_config.get("frozen"), settings
        assert all(field.description for field in settings.model_fields.values()), settings


def test_the_variables_of_the_command_line_are_documented() -> None:
    assert {name for name, _, _ in VARIABLE.findall(configuration())} >= OF_THE_COMMAND_LINE


def test_every_benchmark_stands_among_the_figures() -> None:
    figures = (DOCS / "figures.md").read_text("utf-8")
    named = set(re.findall(r"^\|[^|]*\| `([a-z_]+)` \|", figures, re.MULTILINE))

    assert named == {path.stem for path in (DOCS.parent / "benchmarks").glob("[a-z]*.py")}


def configuration() -> str:
    return (DOCS / "configuration.md").read_text("utf-8")
