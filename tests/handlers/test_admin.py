"""The system as a whole, for administrators."""

from pathlib import Path

import pytest

from domain.jobs import Start
from handlers.admin import rss_bytes
from tests.handlers.made import a_stored_job, problem
from tests.service import a_studio

pytestmark = pytest.mark.gen_test(timeout=30)


async def test_an_admin_sees_how_the_studio_is(tmp_path: Path):
    async with a_studio(tmp_path, APP_VERSION="1.2.0") as studio:
        admin = await studio.register()
        await studio.register("bob@example.org")
        running = await a_stored_job(studio, Start(1), email="bob@example.org")
        await a_stored_job(studio)
        answer = await studio.client.get("/api/admin/system", headers=admin)

    found = answer.json()
    assert answer.status_code == 200
    assert (found["version"], found["db_backend"]) == ("1.2.0", "sqlite")
    assert found["uptime_s"] >= 0
    assert found["db_size_bytes"] > 4096
    assert found["results_count"] == 0
    assert (found["queued"], found["ws_connections"], found["users_online"]) == (0, 0, 0)
    assert found["actors"] >= 5
    assert found["rss_bytes"] > 10_000_000
    assert (found["workers"], found["warnings"]) == ([], [])
    (active,) = found["active_benchmarks"]
    assert (active["job_id"], active["user_email"]) == (running.id, "bob@example.org")
    assert active["progress"]["total"] == running.total


async def test_a_user_does_not(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        await studio.register()
        bob = await studio.register("bob@example.org")
        answer = await studio.client.get("/api/admin/system", headers=bob)

    problem(answer, 403)


def test_memory_is_what_the_system_says_of_this_process():
    status = Path("/proc/self/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]

    assert 0 < rss_bytes() <= int(line.split()[1]) * 1024 * 1.05
