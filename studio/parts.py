"""Which part is given what: contexts of the actors, services of the edge."""

from __future__ import annotations

import functools
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from actors.benchmark_context import BenchmarkContext
from actors.benchmark_job import BenchmarkJob
from actors.benchmark_rows import RowMaker
from actors.cancelling import cancel_job
from actors.dispatcher import DispatcherContext, Ref
from actors.dispatcher_messages import GetOverview
from actors.endpoints import EndpointSource
from actors.messages import LiveOverview
from actors.session import Attach, SessionContext
from actors.tree import Tree
from domain.errors import UnauthenticatedError, UnavailableError
from domain.jobs import Job
from domain.times import rfc3339
from domain.wire.system import Worker
from engine.analyst import Analyst
from engine.local import LocalEngine
from handlers.services import EdgeSettings, Liveness, Services
from providers.simulator.presets import PRESETS
from security.passwords import PasswordHasher
from security.redaction import register_secret
from security.tokens import AccessTokens, WsTickets
from security.vault import KeyRing
from storage import events, refresh_families
from storage.database import Store
from storage.events import FeedState
from studio.keys import ServerKeys
from studio.settings import Settings
from studio.simulator_host import SimulatorHost

WEB_DIR = Path(__file__).resolve().parent.parent / "frontend" / "dist"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What runs, before anything is connected to it."""

    tree: Tree
    ring: KeyRing
    endpoints: EndpointSource
    engine: LocalEngine
    analyst: Analyst
    simulator: SimulatorHost
    passwords: PasswordHasher
    liveness: Liveness


async def _positions(tree: Tree) -> dict[str, int]:
    try:
        overview: LiveOverview = await tree.ask_dispatcher(GetOverview())
    except UnavailableError:
        return {}  # unknown for the moment: the next change tells them
    places = {job_id: job.queue_position for job_id, job in overview.jobs.items()}
    return {job_id: place for job_id, place in places.items() if place is not None}


def now_ms() -> int:
    """Return Unix time in milliseconds."""
    return time.time_ns() // 1_000_000


def session_context(settings: Settings, tree: Tree) -> SessionContext:
    """Return what a session needs of the rest."""

    async def read_feed(attach: Attach) -> FeedState:
        # asked again after the socket is registered: a logout in between is not missed
        who = (attach.source_id, attach.user_id, now_ms())
        if await tree.storage.read(refresh_families.account_of, *who) is None:
            raise UnauthenticatedError("signed out")
        feed = await tree.storage.read(
            events.feed, attach.user_id, now_ms(), epoch=attach.epoch, since=attach.since
        )
        return replace(feed, positions=await _positions(tree))

    async def cancel(owner_id: str, job_id: str) -> str:
        return (await cancel_job(tree, owner_id, job_id)).state.value

    return SessionContext(
        read_feed=read_feed,
        cancel_job=cancel,
        now_rfc3339=lambda: rfc3339(now_ms()),
        version=settings.app_version,
        idle_s=settings.ws_idle_s,
    )


def dispatcher_context(settings: Settings, parts: Parts) -> DispatcherContext:
    """Return what the dispatcher needs, with how each kind of job is started."""
    benchmark = BenchmarkContext(
        storage=parts.tree.storage,
        engine=parts.engine,
        rows=RowMaker(parts.tree.storage, parts.analyst),
        endpoints=parts.endpoints.endpoints,
        publish=parts.tree.tell_dispatcher,
        now_ms=now_ms,
    )

    def start_benchmark(job: Job, parent: Ref) -> Ref:
        return BenchmarkJob.start(job, benchmark, parent=parent)

    return DispatcherContext(
        storage=parts.tree.storage,
        factories={"benchmark": start_benchmark},
        publish=parts.tree.tell_sessions,
        now_ms=now_ms,
        max_running_jobs=settings.max_running_jobs,
    )


def build_services(
    settings: Settings, keys: ServerKeys, store: Store, parts: Parts
) -> Services:
    """Return what the handlers are given."""
    return Services(
        settings=_edge_settings(settings, store),
        tree=parts.tree,
        endpoints=parts.endpoints,
        ring=parts.ring,
        passwords=parts.passwords,
        access_tokens=AccessTokens(keys.jwt_secret),
        ws_tickets=WsTickets(keys.jwt_secret),
        refresh_key=keys.refresh_key,
        setup_token=_setup_token(),
        liveness=parts.liveness,
        workers=functools.partial(_workers, parts.engine),
        engine_ready=lambda: parts.engine.is_ready,
        db_size_bytes=store.size_bytes,
        pending_migrations=store.pending_migrations,
        simulator_models=simulator_models(),
    )


def _setup_token() -> str:
    token = secrets.token_urlsafe(24)
    register_secret(token)  # it is printed to stdout, and belongs into no log
    return token


def simulator_models() -> Sequence[dict[str, object]]:
    """Return the simulator's presets as models to register."""
    return [
        {
            "name": preset.name,
            "display_name": preset.display_name,
            "context_window": preset.context_window,
            "input_usd_per_mtok": preset.input_usd_per_mtok,
            "output_usd_per_mtok": preset.output_usd_per_mtok,
        }
        for preset in PRESETS
    ]


def _edge_settings(settings: Settings, store: Store) -> EdgeSettings:
    own = {settings.app_base_url} if settings.app_base_url else set()
    return EdgeSettings(
        version=settings.app_version,
        host=settings.host,
        cookie_secure=settings.cookie_secure,
        app_base_url=settings.app_base_url,
        registration=settings.registration,
        trusted_origins=frozenset(settings.cors_origins | own),
        trusted_proxies=settings.trusted_proxies,
        web_dir=str(WEB_DIR),
        db_backend=store.backend,
    )


def _workers(engine: LocalEngine) -> list[Worker]:
    return [
        Worker(id=w.id, pid=w.pid, host=w.host, cpu_pct=w.cpu_pct, streams=w.streams)
        for w in engine.workers()
    ]
