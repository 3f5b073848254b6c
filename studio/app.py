"""The composition root: starts every part in order, stops them in reverse.

Each part is registered for closing as soon as it exists, so a failure half way through
the start closes what was opened.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

import structlog
import tornado.netutil
from tornado.httpserver import HTTPServer

from actors.endpoints import EndpointSource
from actors.runtime import ask
from actors.supervisor import GetChildren
from actors.system import System, stop_system
from actors.tree import Tree
from domain.errors import SettingsError
from engine.analyst import Analyst
from engine.local import LocalEngine
from handlers.routes import application
from handlers.services import Liveness, Services
from security.passwords import PasswordHasher
from security.redaction import register_secret
from security.vault import KeyRing
from storage import accounts, registration
from storage.database import Store
from studio.keys import ServerKeys, server_keys
from studio.loop_lag import watch_loop_lag
from studio.parts import Parts, build_services, dispatcher_context, session_context
from studio.settings import Settings
from studio.simulator_host import SimulatorHost

log = structlog.get_logger()

MAX_DRAINED_BODY_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Running:
    """A studio that serves."""

    port: int
    services: Services
    needs_first_account: bool
    collapsed: asyncio.Event


@contextlib.asynccontextmanager
async def running_studio(settings: Settings) -> AsyncIterator[Running]:
    """Run the studio inside the block.

    Raises `SettingsError` for what keeps it from starting, the port among it.
    """
    async with contextlib.AsyncExitStack() as stack:
        sockets = _bound(settings)
        for each in sockets:
            stack.callback(each.close)
        keys = _keys(settings)
        store = Store(settings.database_path)
        store.migrate()
        parts = await _start_parts(stack, settings, keys)
        services = build_services(settings, keys, store, parts)
        collapsed = await _start_tree(stack, settings, store, parts)
        await _ensure_admin(settings, services)
        _serve(stack, services, sockets)
        yield Running(
            port=sockets[0].getsockname()[1],
            services=services,
            needs_first_account=await parts.tree.storage.read(accounts.count) == 0,
            collapsed=collapsed,
        )


def _bound(settings: Settings) -> list[socket.socket]:
    try:
        return tornado.netutil.bind_sockets(settings.port, settings.host)
    except OSError as error:
        raise SettingsError(
            f"cannot listen on {settings.host}:{settings.port} ({error.strerror});"
            " is another one running? Choose another port with --port or PORT"
        ) from None


def _keys(settings: Settings) -> ServerKeys:
    keys = server_keys(settings)
    for secret in (*settings.secrets(), *keys.as_text()):
        register_secret(secret)
    return keys


async def _start_parts(
    stack: contextlib.AsyncExitStack, settings: Settings, keys: ServerKeys
) -> Parts:
    engine = LocalEngine(settings.workers)
    stack.push_async_callback(engine.stop)
    await engine.start()
    analyst, simulator = Analyst(), SimulatorHost()
    tree, ring = Tree(), KeyRing(keys.encryption_key)
    stack.push_async_callback(analyst.stop)
    stack.push_async_callback(simulator.stop)
    passwords = PasswordHasher()
    stack.callback(passwords.close)
    liveness = Liveness()
    lag = asyncio.create_task(watch_loop_lag(liveness))
    stack.callback(lag.cancel)
    return Parts(
        tree=tree,
        ring=ring,
        endpoints=EndpointSource(
            tree.storage, ring, simulator.base_url, settings.shared_keys
        ),
        engine=engine,
        analyst=analyst,
        simulator=simulator,
        passwords=passwords,
        liveness=liveness,
    )


async def _start_tree(
    stack: contextlib.AsyncExitStack, settings: Settings, store: Store, parts: Parts
) -> asyncio.Event:
    collapsed = asyncio.Event()
    root = System.start(
        parts.tree,
        store,
        session_context(settings, parts.tree),
        dispatcher_context(settings, parts),
        lambda _: collapsed.set(),
    )
    stack.push_async_callback(stop_system, root)
    await ask(root, GetChildren())
    return collapsed


def _serve(
    stack: contextlib.AsyncExitStack, services: Services, sockets: list[socket.socket]
) -> None:
    server = HTTPServer(
        application(services),
        max_body_size=MAX_DRAINED_BODY_BYTES,
        max_header_size=16 * 1024,
        idle_connection_timeout=75,
        body_timeout=30,
    )
    server.add_sockets(sockets)
    stack.push_async_callback(server.close_all_connections)
    stack.callback(server.stop)
    stack.callback(functools.partial(setattr, services.liveness, "draining", True))


async def _ensure_admin(settings: Settings, services: Services) -> None:
    if settings.admin is None:
        return
    storage, now_ms = services.tree.storage, services.now_ms()
    known = await storage.read(accounts.credentials, settings.admin.email)
    if known is not None and known.account.is_admin:
        return
    hashed = await services.passwords.hash(settings.admin.password)
    models = services.simulator_models
    await storage.write(
        registration.ensure_admin, settings.admin.email, hashed, models, now_ms
    )
