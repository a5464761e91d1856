"""The gateway, wired: the one place that knows all its parts."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import anyio
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from common.configuration import read_settings
from common.database import Pool, check_schema, open_pool
from common.garbage import look_seldom
from common.log import configure_logging
from common.notifier import Notifier
from common.secrecy import keep_to_ourselves
from common.settings import DatabaseSettings, LogSettings, StorageSettings
from common.storage import Storage
from gateway.admission import Admission
from gateway.answer_room import AnswerRoom
from gateway.bulk import Bulk
from gateway.cross_origin import CrossOrigin
from gateway.datasets import Datasets
from gateway.entrance import build_entrance
from gateway.express import Express
from gateway.handover import HandedOver
from gateway.hosts import HostCheck, check_exposure, served_names
from gateway.idempotency import ChosenIds, NamedRequests
from gateway.intake import Intake
from gateway.journal import Journal
from gateway.json_bodies import JsonBodies
from gateway.kinds import Catalogue
from gateway.known_query import check_queries
from gateway.large_answer import LargeAnswers
from gateway.later_answers import LaterAnswers
from gateway.live import Live, build_live, running
from gateway.metrics import Metrics
from gateway.presented import Presented
from gateway.problems import exception_handlers
from gateway.recorder import Recorder
from gateway.request_log import RequestLog
from gateway.results import Results
from gateway.retries import Retries
from gateway.room import QueueRoom
from gateway.routes.batches import BatchRoutes
from gateway.routes.commands import CommandRoutes
from gateway.routes.dashboard import DashboardRoutes
from gateway.routes.datasets import DatasetRoutes
from gateway.routes.events import EventRoutes
from gateway.routes.health import HealthRoutes
from gateway.routes.kinds import KindRoutes
from gateway.routes.metrics import MetricsRoutes
from gateway.routes.openapi import OpenApiRoutes
from gateway.routes.processors import ProcessorRoutes
from gateway.routes.results import ResultRoutes
from gateway.routes.stats import StatsRoutes
from gateway.routes.tasks import TaskRoutes
from gateway.server import build_server, listening_socket
from gateway.settings import GatewaySettings, StreamSettings
from gateway.stats import Stats
from gateway.storage_quota import StorageQuota
from gateway.task_list import TaskList
from gateway.tasks import Tasks
from gateway.unread_body import UnreadBody

log = logging.getLogger(__name__)

SOONEST = "/v1/tasks"  # the path that is asked for most often


def create_app(
    *,
    pool: Pool,
    storage: Storage,
    notifier: Notifier,
    live: Live,
    settings: GatewaySettings,
    journal: Journal | None = None,
) -> Starlette:
    """The application over parts that are already running."""
    metrics = Metrics(pool=pool, notifier=notifier, live=live, timeout_s=settings.ready_timeout_s)
    entrance = build_entrance(
        pool=pool,
        notifier=notifier,
        keyring=live.keyring,
        journal=journal or Journal(pool=pool),
        settings=settings,
    )
    routes = [
        *_routes(pool=pool, storage=storage, notifier=notifier, live=live, settings=settings),
        *MetricsRoutes(metrics=metrics).routes(),
        *entrance.own_routes,
    ]
    check_queries(routes)
    entrance.guard(routes)
    metrics.requests.know(routes)
    names, origins = served_names(settings), settings.cors_origins
    app = Starlette(
        routes=routes,
        exception_handlers=exception_handlers(),
        middleware=[
            Middleware(RequestLog, answered=metrics.requests.answered),
            *([Middleware(CrossOrigin, origins=settings.cors_origins)] if settings.cors_origins else []),
            Middleware(LargeAnswers, room=AnswerRoom(settings.answers_mb << 20)),
            *entrance.trail,
            Middleware(Express, short=HostCheck(entrance.short_way(routes), names=names, origins=origins)),
            Middleware(HandedOver),
            Middleware(Presented),
            Middleware(
                UnreadBody, timeout_s=settings.body_timeout_s, slowest_bytes_per_s=settings.body_slowest_bytes_per_s
            ),
            Middleware(HostCheck, names=names, origins=origins),
        ],
    )
    # A slash too many is a wrong path; a redirect would send a body twice.
    app.router.redirect_slashes = False
    return app


def _routes(*, pool: Pool, storage: Storage, notifier: Notifier, live: Live, settings: GatewaySettings) -> list[Route]:
    quota = StorageQuota(pool=pool, most_datasets=settings.tenant_datasets_most, most_bytes=settings.tenant_bytes_most)
    room = QueueRoom(pool=pool, default=settings.tenant_queued_most)
    datasets = Datasets(pool=pool, storage=storage, limit=settings.upload_limit_bytes, quota=quota)
    catalogue = Catalogue(pool=pool, fresh_s=settings.processor_fresh_s, cache_s=settings.kinds_cache_s)
    admission = Admission(catalogue=catalogue, settings=settings)
    tasks = Tasks(pool=pool, notifier=notifier)
    listed = TaskList(pool=pool)
    retries = Retries(pool=pool, notifier=notifier, tasks=tasks, admission=admission, room=room)
    intake = Intake(
        admission=admission,
        recorder=Recorder(pool=pool, notifier=notifier),
        named=NamedRequests(pool=pool),
        chosen=ChosenIds(pool=pool),
        tasks=tasks,
        keys_kept=timedelta(seconds=settings.idempotency_kept_s),
        room=room,
    )
    results = Results(pool=pool)
    later = LaterAnswers(hub=live.hub, streams=live.streams, results=results, most_s=live.settings.wait_s)
    bodies = JsonBodies(limit=settings.body_limit_bytes)
    parts = (
        CommandRoutes(
            retries=retries,
            bulk=Bulk(listed=listed, tasks=tasks, retries=retries),
            bodies=bodies,
        ),
        BatchRoutes(intake=intake, bodies=bodies),
        TaskRoutes(
            tasks=tasks,
            intake=intake,
            listed=listed,
            datasets=datasets,
            bodies=bodies,
            later=later,
        ),
        EventRoutes(hub=live.hub, boards=live.boards, streams=live.streams),
        ResultRoutes(pool=pool, storage=storage, results=results),
        DatasetRoutes(datasets=datasets),
        KindRoutes(catalogue=catalogue),
        StatsRoutes(stats=Stats(pool=pool, catalogue=catalogue)),
        ProcessorRoutes(pool=pool, fresh_s=settings.processor_fresh_s),
        HealthRoutes(pool=pool, timeout_s=settings.ready_timeout_s),
        OpenApiRoutes(catalogue=catalogue, settings=settings),
        DashboardRoutes(),
    )
    routes = [route for part in parts for route in part.routes()]
    routes.sort(key=lambda route: route.path != SOONEST)  # Starlette looks at one after the other
    return routes


def main() -> None:
    """Run a gateway with the settings of the environment until it is told to stop.

    Raises:
        ConfigurationError: the settings, the database or the address do not allow it to start.
    """
    keep_to_ourselves()
    logs = read_settings(LogSettings)
    configure_logging(service="gateway", form=logs.format, level=logs.level)
    settings, database = read_settings(GatewaySettings), read_settings(DatabaseSettings)
    storage, streams = read_settings(StorageSettings), read_settings(StreamSettings)
    look_seldom()
    anyio.run(
        lambda: serve(settings=settings, streams=streams, database=database, storage=storage),
        backend_options={"use_uvloop": True},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A gateway whose parts run; it only has to be listened to."""

    app: Starlette
    live: Live
    notifier: Notifier
    journal: Journal


@asynccontextmanager
async def open_gateway(
    *, settings: GatewaySettings, streams: StreamSettings, database: DatabaseSettings, storage: StorageSettings
) -> AsyncIterator[Gateway]:
    """Start every part in the order in which they need each other; they stop in the opposite one.

    Args:
        settings: the gateway's.
        streams: how its streams are kept.
        database: how its role reaches Postgres.
        storage: where the bytes are.

    Raises:
        ConfigurationError: the settings or the schema do not allow it to start.
        OSError, asyncpg.PostgresError: Postgres cannot be reached or refuses.
    """
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(open_pool(database, service="gateway"))
        await check_schema(pool)
        await check_exposure(settings, pool=pool)
        notifier = await stack.enter_async_context(Notifier(pool=pool, is_silent=not database.notifies))
        journal = await stack.enter_async_context(Journal(pool=pool))
        live = build_live(pool=pool, database=database, settings=streams)
        await stack.enter_async_context(running(live))
        app = create_app(
            pool=pool,
            storage=Storage.open(storage),
            notifier=notifier,
            live=live,
            settings=settings,
            journal=journal,
        )
        yield Gateway(app=app, live=live, notifier=notifier, journal=journal)


async def serve(
    *,
    settings: GatewaySettings,
    streams: StreamSettings,
    database: DatabaseSettings,
    storage: StorageSettings,
    on_listening: Callable[[int], None] | None = None,
) -> None:
    """Run the gateway until SIGTERM or SIGINT.

    Args:
        settings: the gateway's.
        streams: how its streams are kept.
        database: how its role reaches Postgres.
        storage: where the bytes are.
        on_listening: called with the port when requests are answered.

    Raises:
        ConfigurationError: the settings, the schema or the address do not allow it to start.
        OSError, asyncpg.PostgresError: Postgres cannot be reached or refuses.
    """
    async with open_gateway(settings=settings, streams=streams, database=database, storage=storage) as gateway:
        with listening_socket(settings) as listening:
            port: int = listening.getsockname()[1]
            log.info("gateway listens on port %d", port)
            if on_listening is not None:
                on_listening(port)
            server = build_server(gateway.app, settings=settings)
            await server.serve_until_signal(listening=listening, drain=gateway.live.streams.drain)
    log.info("gateway stopped")
