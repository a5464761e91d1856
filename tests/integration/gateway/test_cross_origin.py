"""Pages of other sites that may use the gateway, and those that may not."""

import httpx2
import pytest

from gateway.settings import GatewaySettings

FRIEND = {"origin": "https://app.example"}
STRANGER = {"origin": "https://evil.example"}
ASKS = {"access-control-request-method": "PUT", "access-control-request-headers": "content-type"}


@pytest.fixture
def settings() -> GatewaySettings:
    return GatewaySettings.model_validate({"cors_origins": "https://app.example, https://other.example"})


async def test_a_page_that_may_is_told_so(at_the_door: httpx2.AsyncClient) -> None:
    answer = await at_the_door.options("/v1/datasets/a.csv", headers={**FRIEND, **ASKS})

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == FRIEND["origin"]
    assert "PUT" in answer.headers["access-control-allow-methods"]
    assert "content-type" in answer.headers["access-control-allow-headers"]


async def test_its_requests_are_answered_also_with_errors(at_the_door: httpx2.AsyncClient) -> None:
    for answer in (
        await at_the_door.get("/healthz", headers=FRIEND),
        await at_the_door.post("/v1/tasks", headers=FRIEND, json={}),
    ):
        assert answer.status_code in {200, 422}
        assert answer.headers["access-control-allow-origin"] == FRIEND["origin"]
        assert "origin" in answer.headers["vary"].lower()
        assert "etag" in answer.headers["access-control-expose-headers"]


async def test_a_page_that_may_not_is_told_nothing(at_the_door: httpx2.AsyncClient) -> None:
    asks = await at_the_door.options("/v1/tasks", headers={**STRANGER, **ASKS})
    reads = await at_the_door.get("/healthz", headers=STRANGER)
    writes = await at_the_door.post("/v1/tasks", headers=STRANGER, json={})

    assert "access-control-allow-origin" not in {**asks.headers, **reads.headers, **writes.headers}
    assert (writes.status_code, writes.json()["code"]) == (403, "origin_refused")
