"""Every code has its place in HTTP."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module

import gateway
from common.errors import SundogError
from gateway.problems import PROBLEMS, problem_response

for module in pkgutil.walk_packages(gateway.__path__, "gateway."):
    import_module(module.name)  # only what was imported can be asked for its subclasses


def raised_here(base: type[SundogError] = SundogError) -> Iterator[type[SundogError]]:
    """All errors that the gateway can raise: its own and those of what both services share."""
    for each in base.__subclasses__():
        if each.__module__.partition(".")[0] in {"common", "gateway"}:
            yield each
        yield from raised_here(each)


# An analysis raises it, in the processor; a caller sees it in a task's `error`.
NEVER_IN_HTTP = {"input_unreadable"}


def test_each_error_has_a_status_and_each_code_an_error() -> None:
    codes = {each.code for each in raised_here()} - NEVER_IN_HTTP

    assert codes == set(PROBLEMS)


def test_an_error_without_a_place_is_shown_as_nothing() -> None:
    class SecretError(SundogError):
        code = "of_a_plug_in"

    assert problem_response(SecretError("no"), scope={}).status_code == 500
