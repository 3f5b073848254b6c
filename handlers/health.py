"""Is it up, is it ready."""

from __future__ import annotations

from domain.errors import ServiceError
from domain.wire.system import Checks, Health, Readiness
from handlers.base import ApiHandler
from handlers.operations import operation


class HealthHandler(ApiHandler):
    """`/healthz`."""

    @operation("Whether the server answers", access="public", answer=Health)
    async def get(self) -> Health:
        return Health(status="ok", version=self.services.settings.version)


class ReadinessHandler(ApiHandler):
    """`/readyz`."""

    @operation(
        "Whether the server takes work", access="public", answer=Readiness, errors=(503,)
    )
    async def get(self) -> Readiness:
        pending = await self._pending_migrations()
        checks = Checks(
            database=pending is not None,
            migrations=pending == [],
            engine=self.services.engine_ready(),
        )
        ready = checks.database and checks.migrations and checks.engine
        ready = ready and not self.services.liveness.draining
        return Readiness(status="ready" if ready else "not ready", checks=checks)

    def answer(self, status: int, value: Readiness) -> None:
        """Send 503 when not ready: that is what a balancer looks at."""
        super().answer(status if value.status == "ready" else 503, value)

    async def _pending_migrations(self) -> list[str] | None:
        """Return what is not applied; None when the database does not answer."""
        try:
            return await self.services.tree.storage.read(self.services.pending_migrations)
        except ServiceError:
            return None
