"""Who did what: written when it was done, read by admins, of their own tenant."""

from typing import Any

import asyncpg
import httpx2

from common.ids import uuid7
from common.tokens import Token, TokenKind
from common.words import KeyRole
from gateway.audit_entry import Entry
from helpers.factories import a_dataset, a_kind, a_processor
from helpers.gateways import RunningGateway
from helpers.keys import a_key, a_revoked_key, bearer


async def written(guarded: RunningGateway, client: httpx2.AsyncClient, path: str = "/v1/audit") -> list[dict[str, Any]]:
    """The audit, oldest first, without what was done at the command line."""
    await guarded.parts.journal.flush()
    entries = (await client.get(path)).json()["entries"]
    return [entry for entry in reversed(entries) if not entry["action"].startswith("key.")]


async def test_what_changes_something_is_noted_with_who_and_what(
    guarded: RunningGateway, as_admin: httpx2.AsyncClient, admin: Token, connection: asyncpg.Connection
) -> None:
    await a_kind(connection)
    await a_processor(connection)
    asked = {"kind": "profile", "inputs": {"data": str(await a_dataset(connection))}}
    task = (await as_admin.post("/v1/tasks", json=asked)).json()["id"]
    own = str((await as_admin.put(f"/v1/tasks/{uuid7()}", json=asked)).json()["id"])
    many = [
        each["id"] for each in (await as_admin.post("/v1/tasks/batch", json={"tasks": [asked, asked]})).json()["tasks"]
    ]
    await as_admin.post(f"/v1/tasks/{task}/cancel")
    await as_admin.post(f"/v1/tasks/{task}/retry")
    await as_admin.post("/v1/tasks/cancel?state=queued")
    dataset = (await as_admin.put("/v1/datasets/a.csv", content=b"a\n1\n")).json()["id"]
    await as_admin.delete(f"/v1/datasets/{dataset}")
    await as_admin.post("/v1/session", json={"key": admin.text})
    await as_admin.get("/v1/tasks")
    await as_admin.post("/v1/tasks", json={"kind": "none such", "inputs": {}})
    entries = await written(guarded, as_admin)

    assert [(entry["action"], entry["object"], entry["detail"]) for entry in entries] == [
        ("task.create", task, {}),
        ("task.create", own, {}),
        ("task.create", None, {"made": many}),
        ("task.cancel", task, {}),
        ("task.retry", task, {}),
        ("task.cancel", None, {"query": "state=queued", "changed": 4, "ids": entries[5]["detail"]["ids"]}),
        ("dataset.create", dataset, {}),
        ("dataset.delete", dataset, {}),
        ("login", None, {}),
    ]
    assert set(entries[5]["detail"]["ids"]) == {task, own, *many}
    assert {str(entry["actor"]) for entry in entries} == {str({"key": admin.id, "name": "the admin"})}
    assert {entry["address"] for entry in entries} == {"127.0.0.1"}


async def test_ids_that_stand_for_nothing_make_no_entry_each(
    guarded: RunningGateway, client: httpx2.AsyncClient, as_admin: httpx2.AsyncClient
) -> None:
    """But one for the first of them, and one a minute for all that follow."""
    for _ in range(20):
        await client.get("/v1/tasks", headers=bearer(Token.new(TokenKind.KEY)))
        await client.get("/v1/tasks", headers={"authorization": "Bearer none"})
        await client.post("/v1/session", json={"key": Token.new(TokenKind.KEY).text})
    entries = await written(guarded, as_admin, "/v1/audit?unknown=1")

    assert len(entries) <= 2
    assert sum(entry["detail"]["times"] for entry in entries) == 60
    assert [(entry["action"], entry["object"], entry["actor"], entry["address"]) for entry in entries] == [
        ("login.refused", None, None, "127.0.0.1")
    ] * len(entries)
    assert await written(guarded, as_admin) == []


async def test_a_key_that_is_there_is_named_whoever_says_to_have_it(
    guarded: RunningGateway, client: httpx2.AsyncClient, as_admin: httpx2.AsyncClient, admin: Token
) -> None:
    """Not in the audit of its tenant: anybody who has seen the id can say so."""
    for _ in range(3):
        wrong = Token(kind=TokenKind.KEY, id=admin.id, secret=Token.new(TokenKind.KEY).secret)
        await client.get("/v1/tasks", headers=bearer(wrong))
    entries = await written(guarded, as_admin, "/v1/audit?unknown=1")

    assert {(entry["object"], entry["actor"]) for entry in entries} == {(admin.id, None)}
    assert sum(entry["detail"]["times"] for entry in entries) == 3
    assert await written(guarded, as_admin) == []


async def test_a_key_that_was_ended_is_told_of_to_its_tenant(
    guarded: RunningGateway, client: httpx2.AsyncClient, as_admin: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    ended = await a_revoked_key(connection)
    await client.get("/v1/tasks", headers=bearer(ended))
    (entry,) = await written(guarded, as_admin)

    assert (entry["object"], entry["actor"]) == (ended.id, {"key": ended.id, "name": "a test"})
    assert entry["detail"] == {"times": 1}


async def test_what_was_written_by_a_statement_that_seemed_to_fail_is_written_once(
    guarded: RunningGateway, as_admin: httpx2.AsyncClient
) -> None:
    """And what comes after it is written, too."""
    journal, first = guarded.parts.journal, Entry(action="first", tenant="default")
    journal.note(first)
    await journal.flush()
    journal.note(first)
    journal.note(Entry(action="second", tenant="default"))

    assert [entry["action"] for entry in await written(guarded, as_admin)] == ["first", "second"]


async def test_an_admin_of_another_tenant_sees_their_own_and_nothing_of_nobody(
    guarded: RunningGateway, client: httpx2.AsyncClient, as_admin: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    foreign = bearer(await a_key(connection, tenant="another"))
    await as_admin.put("/v1/datasets/a.csv", content=b"a\n1\n")
    await guarded.parts.journal.flush()
    mine = (await client.get("/v1/audit", headers=foreign)).json()["entries"]
    unknown = await client.get("/v1/audit?unknown=1", headers=foreign)

    assert [entry["action"] for entry in mine] == ["key.create"]
    assert unknown.status_code == 403


async def test_the_audit_comes_in_pages(
    guarded: RunningGateway, as_admin: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    for number in range(5):
        await a_key(connection, role=KeyRole.READ, name=str(number))
    seen, url = [], "/v1/audit?limit=2"
    while url:
        page = (await as_admin.get(url)).json()
        seen += [entry["id"] for entry in page["entries"]]
        url = page["next"]

    assert len(seen) == len(set(seen)) == 6  # with the admin's own
    assert seen == sorted(seen, reverse=True)
