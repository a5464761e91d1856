"""Every route that there is, and everybody who may come: derived from the application's own table of routes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg
import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from common.ids import uuid7
from common.tokens import Token, TokenKind
from common.words import KeyRole
from gateway.access import GRANTS
from helpers.factories import a_dataset, a_kind, a_processor, an_artifact, finished_task, queued_task
from helpers.gateways import RunningGateway
from helpers.keys import a_key, a_revoked_key, an_expired_key, bearer

ANYBODY: Final = frozenset({"nobody", "unknown", "expired", "revoked", "read", "submit", "admin", "operator"})
READERS: Final = frozenset({"read", "submit", "admin", "operator"})
SUBMITTERS: Final = READERS - {"read"}
ADMINS: Final = SUBMITTERS - {"submit"}

TASK: Final[Mapping[str, Any]] = {"kind": "profile", "inputs": {}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Who may use a route, and what somebody of another tenant is told who names an id of ours.

    Attributes:
        foreign: the status; None where a route names nothing that belongs to anybody.
    """

    may: frozenset[str]
    foreign: int | None = None
    body: Any = None


# Written by hand, beside gateway.access and not derived from it: two who agree.
CASES: Final[Mapping[tuple[str, str], Case]] = {
    ("GET", "/"): Case(may=ANYBODY),
    ("GET", "/login"): Case(may=ANYBODY),
    ("GET", "/dashboard/{file:path}"): Case(may=ANYBODY),
    ("GET", "/healthz"): Case(may=ANYBODY),
    ("GET", "/readyz"): Case(may=ANYBODY),
    ("POST", "/v1/session"): Case(may=ANYBODY, body={}),
    ("GET", "/v1/session"): Case(may=READERS),
    ("DELETE", "/v1/session"): Case(may=READERS),
    ("GET", "/metrics"): Case(may=frozenset({"operator"})),
    ("GET", "/openapi.json"): Case(may=READERS),
    ("GET", "/v1/audit"): Case(may=ADMINS),
    ("GET", "/v1/kinds"): Case(may=READERS),
    ("GET", "/v1/kinds/{name}"): Case(may=READERS),
    ("GET", "/v1/processors"): Case(may=READERS),
    ("GET", "/v1/stats"): Case(may=READERS),
    ("GET", "/v1/events"): Case(may=READERS),
    ("GET", "/v1/datasets"): Case(may=READERS),
    ("POST", "/v1/datasets"): Case(may=SUBMITTERS, body={}),
    ("PUT", "/v1/datasets/{name}"): Case(may=SUBMITTERS, body=b"a,b\n1,2\n"),
    ("PUT", "/v1/datasets/{name:path}"): Case(may=SUBMITTERS, body=b"a,b\n1,2\n"),
    ("GET", "/v1/datasets/{id}"): Case(may=READERS, foreign=404),
    ("DELETE", "/v1/datasets/{id}"): Case(may=ADMINS, foreign=404),
    ("GET", "/v1/tasks"): Case(may=READERS),
    ("POST", "/v1/tasks"): Case(may=SUBMITTERS, body=TASK),
    ("POST", "/v1/tasks/batch"): Case(may=SUBMITTERS, body={"tasks": [TASK]}),
    ("POST", "/v1/tasks/cancel"): Case(may=SUBMITTERS),
    ("POST", "/v1/tasks/retry"): Case(may=SUBMITTERS),
    ("GET", "/v1/tasks/{id}"): Case(may=READERS, foreign=404),
    # Judged as if nobody had the id; what is told to a request that could be recorded stands in test_two_tenants.
    ("PUT", "/v1/tasks/{id}"): Case(may=SUBMITTERS, foreign=422, body=TASK),
    ("POST", "/v1/tasks/{id}/cancel"): Case(may=SUBMITTERS, foreign=404),
    ("POST", "/v1/tasks/{id}/retry"): Case(may=SUBMITTERS, foreign=404),
    ("GET", "/v1/tasks/{id}/events"): Case(may=READERS, foreign=404),
    ("GET", "/v1/tasks/{id}/result"): Case(may=READERS, foreign=404),
    ("GET", "/v1/tasks/{id}/artifacts"): Case(may=READERS, foreign=404),
    ("GET", "/v1/tasks/{id}/artifacts/{name:path}"): Case(may=READERS, foreign=404),
}


def served(app: Starlette) -> Iterator[tuple[str, str]]:
    for route in app.routes:
        assert isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}:
            yield method, route.path


def path_of(route: str, *, task: UUID, dataset: UUID) -> str:
    identity = dataset if route.startswith("/v1/datasets") else task
    filled = route.replace("{id}", str(identity)).replace("{file:path}", "main.js")
    name = "report.json" if "artifacts" in filled else "a.csv"
    path = filled.replace("{name:path}", name).replace("{name}", name)
    return f"{path}?state=queued" if path in {"/v1/tasks/cancel", "/v1/tasks/retry"} else path


async def status_of(client: httpx2.AsyncClient, method: str, path: str, *, case: Case, token: Token | None) -> int:
    """Of the head of the answer: a stream has no end."""
    headers = {} if token is None else bearer(token)
    body = {"content": case.body} if isinstance(case.body, bytes) else {"json": case.body}
    async with client.stream(method, path, headers=headers, **({} if case.body is None else body)) as answer:
        return answer.status_code


@pytest.fixture
async def everybody(connection: asyncpg.Connection, admin: Token) -> dict[str, Token | None]:
    return {
        "nobody": None,
        "unknown": Token.new(TokenKind.KEY),
        "expired": await an_expired_key(connection),
        "revoked": await a_revoked_key(connection),
        "read": await a_key(connection, role=KeyRole.READ),
        "submit": await a_key(connection, role=KeyRole.SUBMIT),
        "admin": await a_key(connection, tenant="another"),
        "operator": admin,
    }


@pytest.fixture
async def task(connection: asyncpg.Connection) -> UUID:
    await a_kind(connection)
    await a_processor(connection)
    task = await finished_task(connection)
    await an_artifact(connection, task)
    return task


def test_the_table_names_every_route_and_no_other(guarded: RunningGateway) -> None:
    assert set(served(guarded.parts.app)) == set(CASES) == set(GRANTS)


async def test_every_route_admits_whom_it_should_and_nobody_else(
    guarded: RunningGateway,
    client: httpx2.AsyncClient,
    everybody: dict[str, Token | None],
    connection: asyncpg.Connection,
    task: UUID,
) -> None:
    dataset = await a_dataset(connection)
    wrong = []
    for (method, route), case in CASES.items():
        for who, token in everybody.items():
            path = path_of(route, task=uuid7() if method == "PUT" else task, dataset=dataset)
            status = await status_of(client, method, path, case=case, token=token)
            refused = 403 if who in READERS else 401
            if (who in case.may) != (status not in {401, 403}) or (who not in case.may and status != refused):
                wrong.append((method, route, who, status))

    assert wrong == []


async def test_head_tells_nobody_what_get_would_not(
    guarded: RunningGateway,
    client: httpx2.AsyncClient,
    everybody: dict[str, Token | None],
    connection: asyncpg.Connection,
    task: UUID,
) -> None:
    dataset = await a_dataset(connection)
    foreign = await a_key(connection, tenant="foreign")
    told = []
    for (method, route), case in CASES.items():
        for token in (*everybody.values(), foreign) if method == "GET" else ():
            path = path_of(route, task=task, dataset=dataset)
            statuses = [await status_of(client, verb, path, case=case, token=token) for verb in ("GET", "HEAD")]
            told += [] if len(set(statuses)) == 1 else [(route, statuses)]

    assert told == []


async def test_options_tells_of_a_route_and_of_nothing_that_belongs_to_anybody(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, task: UUID
) -> None:
    dataset = await a_dataset(connection)
    for _, route in CASES:
        ours = await client.options(path_of(route, task=task, dataset=dataset))
        nowhere = await client.options(path_of(route, task=uuid7(), dataset=uuid7()))

        assert (ours.status_code, ours.headers["allow"]) == (nowhere.status_code, nowhere.headers["allow"])
        assert (ours.status_code, ours.content) == (204, b"")


async def test_what_belongs_to_another_tenant_is_not_there(
    guarded: RunningGateway, client: httpx2.AsyncClient, connection: asyncpg.Connection, task: UUID
) -> None:
    dataset = await a_dataset(connection)
    foreign = await a_key(connection, tenant="another")
    named = {each: case for each, case in CASES.items() if case.foreign is not None}
    assert {route for _, route in CASES if "{id}" in route} == {route for _, route in named}
    found = {}
    for (method, route), case in named.items():
        path = path_of(route, task=task, dataset=dataset)
        found[method, route] = await status_of(client, method, path, case=case, token=foreign)

    assert found == {each: case.foreign for each, case in named.items()}


async def test_a_foreign_thing_is_refused_word_for_word_like_one_that_is_nowhere(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, task: UUID
) -> None:
    foreign = bearer(await a_key(connection, tenant="another"))
    dataset = await a_dataset(connection)
    answers = []
    for a_task, a_file in ((task, dataset), (uuid7(), uuid7())):
        told = []
        for (method, route), case in CASES.items():
            if case.foreign == 404 and method == "GET":
                answer = await client.get(path_of(route, task=a_task, dataset=a_file), headers=foreign)
                told.append({name: value for name, value in answer.json().items() if name != "request_id"})
        answers.append(told)

    assert answers[0] == answers[1]


async def test_lists_figures_and_commands_are_about_ones_own_alone(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, task: UUID
) -> None:
    foreign = bearer(await a_key(connection, tenant="another"))
    waiting = await queued_task(connection, tags=["mine"])
    dataset = await a_dataset(connection)
    lists = {
        path: (await client.get(path, headers=foreign)).json()
        for path in (
            "/v1/tasks?count=1",
            "/v1/tasks?state=queued",
            "/v1/tasks?kind=profile",
            "/v1/tasks?tag=mine",
            f"/v1/tasks?dataset={dataset}",
            "/v1/datasets",
            "/v1/audit",
            "/v1/stats",
        )
    }
    cancelled = await client.post("/v1/tasks/cancel?tag=mine", headers=foreign)
    asked = {"kind": "profile", "inputs": {"data": str(dataset)}}
    submitted = await client.post("/v1/tasks", json=asked, headers=foreign)

    assert all(not page.get("tasks") and not page.get("datasets") for page in lists.values())
    assert lists["/v1/tasks?count=1"]["total"] == {"value": 0, "exact": True}
    assert {entry["action"] for entry in lists["/v1/audit"]["entries"]} == {"key.create"}
    assert lists["/v1/stats"]["last_minute"]["created"]["value"] == 0
    assert all(kind["queued"]["value"] == 0 for kind in lists["/v1/stats"]["kinds"])
    assert cancelled.json()["cancelled"] == 0
    assert (submitted.status_code, submitted.json()["code"]) == (422, "dataset_unknown")
    assert await connection.fetchval("SELECT state FROM task WHERE id = $1", waiting) == "queued"
