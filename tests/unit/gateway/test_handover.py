"""What runs outside of the layers that found it."""

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.handover import HandedOver, Handover
from gateway.limit_errors import StreamsFullError


def client_of(stream: ASGIApp) -> httpx2.AsyncClient:
    async def route(_: Request) -> Handover:
        return Handover(stream)

    app = Starlette(routes=[Route("/", route)], middleware=[Middleware(HandedOver)])
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://localhost")


def failing(error: Exception) -> ASGIApp:
    async def stream(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise error

    return stream


async def test_what_is_handed_over_answers() -> None:
    async with client_of(Response("told")) as client:
        assert (await client.get("/")).text == "told"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (StreamsFullError("no room"), 503, "streams_full"),
        (TimeoutError("postgres"), 503, "database_unavailable"),
        (ConnectionResetError("postgres"), 503, "database_unavailable"),
    ],
)
async def test_its_errors_before_the_first_byte_are_problems(error: Exception, status: int, code: str) -> None:
    async with client_of(failing(error)) as client:
        answer = await client.get("/")

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_an_unknown_error_is_left_to_who_hides_it() -> None:
    async with client_of(failing(ArithmeticError("of nobody"))) as client:
        with pytest.raises(ArithmeticError, match="of nobody"):
            await client.get("/")
