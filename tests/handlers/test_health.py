"""Is it up, is it ready."""

from pathlib import Path

import pytest

from tests.service import a_studio

pytestmark = pytest.mark.gen_test(timeout=30)
READY = {"database": True, "migrations": True, "engine": True}


async def test_health_is_exactly_the_two_documented_fields(tmp_path: Path):
    async with a_studio(tmp_path, APP_VERSION="1.2.0") as studio:
        answer = await studio.client.get("/healthz")

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.text == '{"status":"ok","version":"1.2.0"}'


async def test_a_studio_that_serves_is_ready(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        answer = await studio.client.get("/readyz")

    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "ready", "checks": READY},
    )


async def test_a_draining_studio_is_healthy_and_not_ready_and_lets_connections_go(
    tmp_path: Path,
):
    async with a_studio(tmp_path) as studio:
        studio.services.liveness.draining = True
        answer, health = [await studio.client.get(p) for p in ("/readyz", "/healthz")]

    assert (answer.status_code, health.status_code) == (503, 200)
    assert answer.json() == {"status": "not ready", "checks": READY}
    assert answer.headers["Connection"] == "close"


async def test_a_studio_whose_database_does_not_answer_is_not_ready(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        readers, studio.services.tree.storage.readers = (
            studio.services.tree.storage.readers,
            {},
        )
        answer = await studio.client.get("/readyz")
        studio.services.tree.storage.readers = readers

    assert answer.status_code == 503
    assert answer.json()["checks"] == READY | {"database": False, "migrations": False}
