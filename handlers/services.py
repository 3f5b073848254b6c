"""What the handlers are given: the tree, the security parts, and a few settings."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from actors.endpoints import EndpointSource
from actors.tree import Tree
from domain.wire.system import Worker
from security.client_address import Network
from security.passwords import PasswordHasher
from security.tokens import AccessTokens, WsTickets
from security.vault import KeyRing


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSettings:
    """The settings that the edge acts on."""

    version: str
    host: str
    cookie_secure: bool
    app_base_url: str | None
    registration: str
    trusted_origins: frozenset[str]
    trusted_proxies: tuple[Network, ...]
    web_dir: str
    db_backend: str


@dataclass(slots=True)
class Liveness:
    """What changes while the server runs and is no actor's: draining, lag, probes."""

    started_at_s: float = field(default_factory=time.monotonic)
    draining: bool = False
    event_loop_lag_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything below the edge, as one argument."""

    settings: EdgeSettings
    tree: Tree
    endpoints: EndpointSource
    ring: KeyRing
    passwords: PasswordHasher
    access_tokens: AccessTokens
    ws_tickets: WsTickets
    refresh_key: bytes = field(repr=False)
    setup_token: str = field(repr=False)
    liveness: Liveness
    workers: Callable[[], Sequence[Worker]]
    engine_ready: Callable[[], bool]
    db_size_bytes: Callable[[], int]  # both block: run them on a reader
    pending_migrations: Callable[[], list[str]]
    simulator_models: Sequence[dict[str, object]]

    def now_ms(self) -> int:
        """Return Unix time in milliseconds."""
        return time.time_ns() // 1_000_000
