"""Is it up, is it ready."""

from __future__ import annotations

from domain.errors import ServiceError
from domain.wire.system import Checks, Health, Readiness
from handlers.base import ApiHandler
from handlers.operations import operation
from storage import accounts


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
        database = await self._database_answers()
        checks = Checks(
            database=database,
            migrations=database,  # the start applies them, or does not get this far
            engine=self.services.engine_ready(),
        )
        ready = database and checks.engine and not self.services.liveness.draining
        return Readiness(status="ready" if ready else "not ready", checks=checks)

    def answer(self, status: int, value: Readiness) -> None:
        """Send 503 when not ready: that is what a balancer looks at."""
        super().answer(status if value.status == "ready" else 503, value)

    async def _database_answers(self) -> bool:
        try:
            await self.services.tree.storage.read(accounts.count)
        except (ServiceError, TimeoutError):
            return False
        return True
