"""The route table: the only file that names all handlers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import tornado.web

from handlers import (
    admin,
    auth,
    benchmarks,
    documents,
    health,
    jobs,
    models,
    presets,
    providers,
)
from handlers.base import ApiHandler, UnknownApiHandler, log_request
from handlers.live import LiveHandler
from handlers.services import Services
from handlers.web import NotBuiltHandler, WebAppHandler


@dataclass(frozen=True, slots=True)
class Route:
    """A path with `{names}`, and who serves it."""

    path: str
    handler: type[ApiHandler]

    @property
    def pattern(self) -> str:
        """The path as the regular expression Tornado matches."""
        return re.sub(r"\{[^}]+\}", r"([^/]+)", self.path)


ROUTES = (
    Route("/healthz", health.HealthHandler),
    Route("/readyz", health.ReadinessHandler),
    Route("/api/openapi.json", documents.OpenApiHandler),
    Route("/api/docs", documents.DocsHandler),
    Route("/api/auth/register", auth.RegisterHandler),
    Route("/api/auth/login", auth.LoginHandler),
    Route("/api/auth/refresh", auth.RefreshHandler),
    Route("/api/auth/logout", auth.LogoutHandler),
    Route("/api/auth/me", auth.MeHandler),
    Route("/api/auth/ws-ticket", auth.TicketHandler),
    Route("/api/providers", providers.ProvidersHandler),
    Route("/api/providers/{provider_id}", providers.ProviderHandler),
    Route("/api/providers/{provider_id}/key", providers.ProviderKeyHandler),
    Route("/api/providers/{provider_id}/models", models.ProviderModelsHandler),
    Route("/api/presets", presets.PresetsHandler),
    Route("/api/models", models.ModelsHandler),
    Route("/api/models/{model_id}", models.ModelHandler),
    Route("/api/benchmarks", benchmarks.BenchmarksHandler),
    Route("/api/benchmarks/{benchmark_id}", benchmarks.BenchmarkHandler),
    Route("/api/benchmarks/{benchmark_id}/requests", benchmarks.RequestsHandler),
    Route("/api/jobs", jobs.JobsHandler),
    Route("/api/jobs/{job_id}", jobs.JobHandler),
    Route("/api/jobs/{job_id}/cancel", jobs.CancelHandler),
    Route("/api/jobs/{job_id}/events", jobs.JobEventsHandler),
    Route("/api/admin/system", admin.SystemHandler),
)


def application(services: Services) -> tornado.web.Application:
    """Return the Tornado application over `services`."""
    given = {"services": services}
    rules: list[tuple[object, ...]] = [(r.pattern, r.handler, given) for r in ROUTES]
    rules.append(("/ws", LiveHandler, given))
    rules.append(("/api(?:/.*)?", UnknownApiHandler, given))
    if (Path(services.settings.web_dir) / "index.html").exists():
        files = {"path": services.settings.web_dir, "default_filename": "index.html"}
        rules.append(("/(.*)", WebAppHandler, files))
    else:
        rules.append(("/.*", NotBuiltHandler, given))
    return tornado.web.Application(
        rules,  # type: ignore[arg-type] # Tornado's rule type is a union of tuples
        log_function=log_request,
        hsts=services.settings.cookie_secure,
        cross_origin_protection=True,
        trusted_origins=sorted(services.settings.trusted_origins),
        websocket_ping_interval=30,
        websocket_ping_timeout=10,
        websocket_max_message_size=64 * 1024,
        default_handler_class=UnknownApiHandler,
        default_handler_args=given,
    )
