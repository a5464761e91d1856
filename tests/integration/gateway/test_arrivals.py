"""Files that have come and are nobody's dataset yet: what becomes of them when the request ends in another way."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import anyio
import asyncpg
import httpx2
import pytest
from obstore.store import MemoryStore
from starlette.applications import Starlette

from common.database import Pool
from common.notifier import Notifier
from common.storage import Storage
from gateway.app import create_app
from gateway.settings import GatewaySettings
from helpers.eventually import eventually
from helpers.gateways import GatewayFactory
from helpers.live import idle_live
from helpers.raw_http import connected_to
from helpers.storage import Stored

CSV = b"a,b\n1,2\n"
MOST_BYTES = 3_000
OTHER_DIGEST = f"sha-256=:{'A' * 43}=:"
FORM = {"content-type": "multipart/form-data; boundary=XX"}
AT_ONCE = 8


def file_part(content: bytes, *, name: str = "data", filename: str = "a.csv") -> bytes:
    head = f'--XX\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n\r\n'
    return head.encode() + content + b"\r\n"


def field(name: str, value: str) -> bytes:
    return f'--XX\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


END = b"--XX--\r\n"


@pytest.fixture
def settings() -> GatewaySettings:
    return GatewaySettings(tenant_bytes_most=MOST_BYTES, tenant_datasets_most=4, kinds_cache_s=0)


@pytest.fixture
async def two(pool: Pool, stored: Stored, settings: GatewaySettings) -> AsyncIterator[list[httpx2.AsyncClient]]:
    """Clients of two gateways over one database and one storage; neither knows what the other has measured."""

    def app() -> Starlette:
        notifier = Notifier(pool=pool)
        return create_app(pool=pool, storage=stored.storage, notifier=notifier, live=idle_live(pool), settings=settings)

    async with AsyncExitStack() as stack:
        transports = [httpx2.ASGITransport(app=app()) for _ in range(2)]
        yield [
            await stack.enter_async_context(httpx2.AsyncClient(transport=each, base_url="http://localhost"))
            for each in transports
        ]


@pytest.mark.usefixtures("offered")
@pytest.mark.parametrize("path", ["/v1/datasets", "/v1/tasks"])
@pytest.mark.parametrize(
    ("body", "more", "code"),
    [
        (file_part(b"x" * 2_000) + END, {"content-digest": OTHER_DIGEST}, "digest_mismatch"),
        (file_part(b"x" * 2_000), {}, "body_invalid"),
        (file_part(b"x" * 2_000) + file_part(b"y" * 999, name="other", filename="../b") + END, {}, ""),
        (file_part(b"x" * 2_000) + field("params", "x" * (1 << 20)) + END, {"content-digest": OTHER_DIGEST}, ""),
        (file_part(b"x" * 2_000) + file_part(b"y" * 2_000, name="other") + END, {}, ""),
    ],
)
async def test_a_form_that_is_refused_leaves_no_bytes(
    client: httpx2.AsyncClient,
    connection: asyncpg.Connection,
    stored: Stored,
    path: str,
    body: bytes,
    more: dict[str, str],
    code: str,
) -> None:
    for _ in range(3):
        answer = await client.post(path, content=body, headers=FORM | more)
        assert answer.is_client_error or answer.status_code == 507
        assert answer.json()["code"] == code or not code

    assert stored.files() == []
    assert await connection.fetchval("SELECT count(*) FROM dataset") == 0


async def test_what_somebody_else_handed_in_meanwhile_stays_theirs(client: httpx2.AsyncClient, stored: Stored) -> None:
    """The form is refused at its end, after the same file was promised to another."""
    file_came, go_on = anyio.Event(), anyio.Event()
    answers: list[httpx2.Response] = []

    async def form() -> AsyncIterator[bytes]:
        yield file_part(CSV) + b'--XX\r\nContent-Disposition: form-data; name="note"\r\n\r\n'
        file_came.set()  # the gateway has taken the file, since it asks for more
        await go_on.wait()
        yield b"x\r\n" + END

    async def post() -> None:
        headers = FORM | {"content-digest": OTHER_DIGEST}
        answers.append(await client.post("/v1/datasets", content=form(), headers=headers))

    async with anyio.create_task_group() as group:
        group.start_soon(post)
        await file_came.wait()
        promised = await client.put("/v1/datasets/a.csv", content=CSV)
        go_on.set()

    assert answers[0].json()["code"] == "digest_mismatch"
    assert promised.is_success
    assert (await client.get(promised.json()["urls"]["self"])).json() == promised.json()
    assert [path.read_bytes() for path in stored.files()] == [CSV]


async def test_a_client_that_goes_in_the_middle_of_a_form_leaves_nothing(
    gateways: GatewayFactory, stored: Stored
) -> None:
    async def file_is_there() -> bool:
        return [path.read_bytes() for path in stored.files()] == [CSV]

    async def nothing_is_there() -> bool:
        return stored.files() == []

    head = FORM | {"content-length": "10000"}
    async with gateways.start() as gateway, connected_to(gateway.url) as raw:
        await raw.request("/v1/tasks", method="POST", headers=head, body=file_part(CSV) + b"--XX\r\n")
        await eventually(file_is_there)
        raw.reset()
        await eventually(nothing_is_there)


async def handed_in_at_once(clients: list[httpx2.AsyncClient], uploads: list[tuple[str, bytes]]) -> list[int]:
    """The statuses of uploads of which none ends before all have begun."""
    answers: list[httpx2.Response] = []
    begun, all_begun = 0, anyio.Event()

    async def in_two(content: bytes) -> AsyncIterator[bytes]:
        nonlocal begun
        yield content[:1]
        begun += 1  # the gateway asks for more, so it has let this one in
        if begun == len(uploads):
            all_begun.set()
        await all_begun.wait()
        yield content[1:]

    async def hand_in(client: httpx2.AsyncClient, name: str, content: bytes) -> None:
        answers.append(await client.put(f"/v1/datasets/{name}", content=in_two(content)))

    async with anyio.create_task_group() as group:
        for number, (name, content) in enumerate(uploads):
            group.start_soon(hand_in, clients[number % len(clients)], name, content)
    return sorted(answer.status_code for answer in answers)


@pytest.mark.parametrize(("size", "fit"), [(MOST_BYTES - 100, 1), (1_400, 2), (MOST_BYTES // 3, 3), (10, 4)])
async def test_together_uploads_never_pass_what_a_tenant_may_have(
    two: list[httpx2.AsyncClient], connection: asyncpg.Connection, stored: Stored, size: int, fit: int
) -> None:
    uploads = [(f"{number}.csv", b"%d" % number * size) for number in range(AT_ONCE)]
    statuses = await handed_in_at_once(two, uploads)

    assert statuses == [201] * fit + [507] * (AT_ONCE - fit)
    assert await connection.fetchval("SELECT sum(bytes) FROM dataset") == fit * size
    assert sum(path.stat().st_size for path in stored.files()) == fit * size


async def test_the_same_file_counts_once_however_often_it_comes(two: list[httpx2.AsyncClient], stored: Stored) -> None:
    assert await handed_in_at_once(two, [("a.csv", b"x" * 2_900)] * AT_ONCE) == [200] * (AT_ONCE - 1) + [201]
    assert len(stored.files()) == 1


async def again(client: httpx2.AsyncClient, content: bytes, *, name: str = "a.csv") -> list[httpx2.Response]:
    """The answers to a file that comes once more, in each of the ways in which one may."""

    async def in_chunks() -> AsyncIterator[bytes]:
        yield content

    return [
        await client.put(f"/v1/datasets/{name}", content=content),
        await client.put(f"/v1/datasets/{name}", content=in_chunks()),
        await client.post("/v1/datasets", content=file_part(content, filename=name) + END, headers=FORM),
    ]


@pytest.mark.parametrize("others", [0, 3])
async def test_what_is_there_is_taken_again_when_there_is_no_room(
    client: httpx2.AsyncClient, stored: Stored, others: int
) -> None:
    """Neither for more bytes nor, with three others, for more datasets."""
    content = b"x" * (MOST_BYTES - others)
    first = await client.put("/v1/datasets/a.csv", content=content)
    for number in range(others):
        await client.put(f"/v1/datasets/{number}.csv", content=b"%d" % number)

    for answer in await again(client, content):
        assert (answer.status_code, answer.json()) == (200, first.json())
    for answer in (
        *await again(client, b"y" * len(content)),
        *await again(client, content + b"x"),
        *await again(client, content, name="b.csv"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")
    assert len(stored.files()) == 1 + others


async def test_what_there_is_no_room_for_is_kept_in_no_object_store(pool: Pool, settings: GatewaySettings) -> None:
    store = MemoryStore()
    app = create_app(
        pool=pool,
        storage=Storage(store=store),
        notifier=Notifier(pool=pool),
        live=idle_live(pool),
        settings=settings,
    )
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://localhost") as client:
        contents = [letter * MOST_BYTES for letter in (b"x", b"y", b"z", b"x")]
        answers = [await client.put("/v1/datasets/a.csv", content=content) for content in contents]

    assert [answer.status_code for answer in answers] == [201, 507, 507, 200]
    assert [entry["size"] for entry in store.list().collect()] == [MOST_BYTES]


@pytest.mark.usefixtures("offered")
async def test_a_form_with_a_key_is_answered_as_before_when_there_is_no_room(client: httpx2.AsyncClient) -> None:
    form = file_part(b"x" * MOST_BYTES) + field("kind", "profile") + END
    first, second = [
        await client.post("/v1/tasks", content=form, headers=FORM | {"idempotency-key": "a"}) for _ in range(2)
    ]

    assert (first.status_code, second.status_code) == (202, 202)
    assert second.json() == first.json()
    assert second.headers["idempotent-replayed"] == "true"


async def test_files_of_a_form_count_together_and_are_recorded_together(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, stored: Stored
) -> None:
    too_much = file_part(b"x" * 2_000) + file_part(b"y" * 1_001, name="other") + END
    fits = file_part(b"x" * 2_000) + file_part(b"y" * 1_000, name="other") + END
    first = await client.post("/v1/tasks", content=too_much, headers=FORM)
    none = await connection.fetchval("SELECT count(*) FROM dataset")
    second = await client.post("/v1/tasks", content=fits, headers=FORM)

    assert (first.json()["code"], none) == ("storage_full", 0)
    assert second.json()["code"] == "request_invalid"  # it names no kind, but its files are there
    assert await connection.fetchval("SELECT sum(bytes) FROM dataset") == 3_000
    assert len(stored.files()) == 2
