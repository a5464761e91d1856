import contextlib
import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import anyio
import asyncpg
import pytest

from common.errors import ConfigurationError
from helpers.database import SETTINGS, connected
from helpers.eventually import eventually
from helpers.processes import ended
from sundog.postgres import EmbeddedPostgres
from sundog.postgres_binaries import PostgresBinaries, find_postgres
from sundog.postgres_cluster import Cluster, PostgresStartError
from sundog.process import ChildProcess
from sundog.unprivileged import identity_for

OWNER_SCRIPT = Path(__file__).parent.parent / "helpers" / "postgres_owner.py"


def embedded(folder: Path, **options: object) -> EmbeddedPostgres:
    return EmbeddedPostgres(folder, settings=SETTINGS, **options)  # type: ignore[arg-type]  # each test names its own


async def answer(server: EmbeddedPostgres, query: str, *, tcp: bool = False) -> object:
    async with connected(server.dsn(tcp=tcp)) as connection:
        return await connection.fetchval(query)


@pytest.mark.every_postgres
async def test_it_answers_in_utf8_over_its_socket_alone(tmp_path: Path, postgres: PostgresBinaries) -> None:
    async with embedded(tmp_path / "pg", binaries=postgres) as server:
        assert await answer(server, "SHOW server_encoding") == "UTF8"
        assert await answer(server, "SELECT datcollate FROM pg_database WHERE datname = 'sundog'") == "C.UTF-8"
        assert await answer(server, "SHOW listen_addresses") == ""
        assert await answer(server, "SHOW data_checksums") == "on"


async def test_it_answers_over_loopback_when_asked_to(tmp_path: Path) -> None:
    async with embedded(tmp_path / "pg", tcp=True) as server:
        assert await answer(server, "SELECT inet_server_addr()::text", tcp=True) == "127.0.0.1/32"


async def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    async with embedded(tmp_path / "pg") as server:
        await answer(server, "CREATE TABLE kept AS SELECT 42 AS n")
    async with embedded(tmp_path / "pg") as server:
        assert await answer(server, "SELECT n FROM kept") == 42


async def test_stop_is_idempotent_and_leaves_no_process(tmp_path: Path) -> None:
    server = embedded(tmp_path / "pg")
    await server.stop()
    async with server:
        pid = server.pid
        await server.stop()
        await server.stop()
    assert ended(pid, within=0)


async def test_nobody_enters_without_the_password_that_only_we_can_read(tmp_path: Path) -> None:
    async with embedded(tmp_path / "pg") as server:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(server.dsn(password="guess"))
        assert stat.S_IMODE((tmp_path / "pg" / "password").stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "pg" / "run").stat().st_mode) == 0o700


async def test_a_second_owner_is_refused(tmp_path: Path) -> None:
    async with embedded(tmp_path / "pg"):
        with pytest.raises(ConfigurationError, match=f"in use by another Sundog .process {os.getpid()}"):
            await embedded(tmp_path / "pg").__aenter__()


async def test_a_pid_file_that_names_a_living_stranger_is_forgotten(tmp_path: Path) -> None:
    async with embedded(tmp_path / "pg"):
        pass
    (tmp_path / "pg" / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{tmp_path}\n", encoding="ascii")
    async with embedded(tmp_path / "pg") as server:
        assert await answer(server, "SELECT 1") == 1


async def test_a_server_that_a_dead_owner_left_behind_is_ended_first(tmp_path: Path) -> None:
    async with embedded(tmp_path / "pg"):
        pass
    data = tmp_path / "pg" / "data"
    leftover = ChildProcess.start(
        [find_postgres().program("postgres"), "-D", str(data), "-c", "listen_addresses=", "-k", str(tmp_path)],
        env={},
        output=subprocess.DEVNULL,
        identity=identity_for(data),
    )
    try:
        cluster = Cluster(tmp_path / "pg")
        while not cluster.is_ready(leftover.pid):
            assert leftover.returncode is None
        async with embedded(tmp_path / "pg") as server:
            assert await answer(server, "SELECT 1") == 1
        assert leftover.returncode == 0
    finally:
        await leftover.stop()


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Another process that owns a server, and the server's pid."""
    command = [sys.executable, str(OWNER_SCRIPT), str(tmp_path / "pg")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


async def test_it_dies_with_an_owner_that_was_killed_and_starts_again(
    owner: tuple[subprocess.Popen[str], int], tmp_path: Path
) -> None:
    process, server_pid = owner
    process.send_signal(signal.SIGKILL)
    assert ended(server_pid)
    async with embedded(tmp_path / "pg") as server:
        assert await answer(server, "SELECT 1") == 1


async def test_a_killed_server_comes_back_with_its_data_at_the_same_address(tmp_path: Path) -> None:
    told: list[str] = []
    durable = EmbeddedPostgres(tmp_path / "pg", settings={"fsync": "off"}, tcp=True)
    async with durable as server, anyio.create_task_group() as group:
        group.start_soon(lambda: server.keep_running(tell=told.append))
        await answer(server, "CREATE TABLE kept AS SELECT 42 AS n")
        os.kill(server.pid, signal.SIGKILL)

        async def kept() -> object:
            with contextlib.suppress(OSError, asyncpg.PostgresError):
                return bool(told) and await answer(server, "SELECT n FROM kept", tcp=True)
            return None

        assert await eventually(kept) == 42
        group.cancel_scope.cancel()
    assert "postgres ended with -9; it starts again" in told


async def test_a_path_too_long_for_a_socket_gets_a_short_one(tmp_path: Path) -> None:
    folder = tmp_path / ("d" * 100)
    async with embedded(folder) as server:
        sockets = Path(str(await answer(server, "SELECT trim('\"' FROM current_setting('unix_socket_directories'))")))
        assert not sockets.is_relative_to(tmp_path)
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert not sockets.exists()


async def test_a_database_of_another_version_is_refused_with_advice(tmp_path: Path) -> None:
    async with embedded(tmp_path / "pg"):
        pass
    (tmp_path / "pg" / "data" / "PG_VERSION").write_text("14\n", encoding="ascii")
    with pytest.raises(ConfigurationError, match="was made by PostgreSQL 14") as refused:
        await embedded(tmp_path / "pg").__aenter__()
    assert refused.value.advice is not None
    assert "SUNDOG_POSTGRES_BIN" in refused.value.advice


async def test_a_server_that_does_not_start_gives_its_last_words_and_frees_the_folder(tmp_path: Path) -> None:
    with pytest.raises(PostgresStartError, match="no_such_setting"):
        await EmbeddedPostgres(tmp_path / "pg", settings={"no_such_setting": "1"}).__aenter__()
    async with embedded(tmp_path / "pg") as server:
        assert await answer(server, "SELECT 1") == 1


async def test_a_cluster_that_could_not_be_made_leaves_nothing_that_looks_like_one(tmp_path: Path) -> None:
    broken = PostgresBinaries(folder=tmp_path, major=18)
    (tmp_path / "initdb").symlink_to("/bin/false")
    with pytest.raises(PostgresStartError, match="initdb"):
        await embedded(tmp_path / "pg", binaries=broken).__aenter__()
    assert not (tmp_path / "pg" / "data").exists()


NOBODY = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def skip_if_out_of_reach(error: str) -> None:
    if "Permission denied" in error:
        pytest.skip("the server's programs lie where only root may go")


@needs_root
async def test_root_runs_it_as_whoever_the_folder_belongs_to(open_folder: Path) -> None:
    async with embedded(open_folder / "pg"):
        pass
    for path in (open_folder / "pg", *(open_folder / "pg").rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    try:
        async with embedded(open_folder / "pg") as server:
            assert Path(f"/proc/{server.pid}").stat().st_uid == NOBODY
    except PostgresStartError as error:
        skip_if_out_of_reach(error.message)
        raise


@needs_root
def test_where_namespaces_are_forbidden_root_runs_it_as_nobody(open_folder: Path) -> None:
    helper = OWNER_SCRIPT.with_name("without_namespaces.py")
    command = [sys.executable, str(helper), sys.executable, str(OWNER_SCRIPT), str(open_folder / "pg")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stderr is not None
        told = owner.stdout.readline()
        if not told:
            error = owner.stderr.read()
            skip_if_out_of_reach(error)
            pytest.fail(error)
        assert Path(f"/proc/{told.strip()}").stat().st_uid == NOBODY
        owner.kill()
    assert ended(int(told))
