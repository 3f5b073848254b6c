"""What the tests of the edge share: answers looked at, and things that a user has."""

from __future__ import annotations

from typing import Any

import httpx

from domain.accounts import Account
from domain.jobs import Job, JobInput, step
from handlers.operations import METHODS, Operation, operation_of
from handlers.routes import ROUTES, Route
from storage import accounts, benchmarks, jobs
from storage.changes import Change
from storage.tables import UserRow
from tests.service import Studio
from tests.storage.made import AT_MS, NO_LIMITS, a_new_benchmark

OPERATIONS = [
    (route, method, declared)
    for route in ROUTES
    for method in METHODS
    if (declared := operation_of(getattr(route.handler, method)))
]
# the smallest body that each operation takes
BODIES: dict[str, dict[str, Any]] = {
    "BenchmarkPatch": {"label": "stolen"},
    "KeyValue": {"value": "sk-stolen"},
    "Login": {"email": "nobody@example.org", "password": "x" * 8},
    "ModelPatch": {"display_name": "stolen"},
    "NewModel": {"name": "stolen"},
    "NewProvider": {"name": "Acme", "kind": "openai", "base_url": "https://a.example"},
    "ProviderPatch": {"name": "stolen"},
    "Registration": {"email": "new@example.org", "password": "x" * 8},
    "Submission": {"targets": [{"provider_id": "p", "model": "m"}], "prompt": "hello"},
}
ADDRESS = BODIES["NewProvider"]


def a_body(declared: Operation) -> dict[str, Any] | None:
    """Return a good body for an operation, if it takes one."""
    return None if declared.body is None else BODIES[declared.body.__name__]


def path_of(route: Route, ids: dict[str, str] | None = None) -> str:
    """Return a route's path with its names filled in, by default with no one's id."""
    path = route.path
    for name in ("provider_id", "model_id", "benchmark_id", "job_id"):
        path = path.replace(f"{{{name}}}", (ids or {}).get(name, "no-such-id"))
    return path


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """Check that an answer is a problem document of this status; return it."""
    assert answer.status_code == status, (answer.request.url, answer.text)
    assert answer.headers["Content-Type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert found.pop("type") == "about:blank"
    assert found["status"] == status
    assert found["title"]
    assert found["detail"]
    assert found["request_id"] == answer.headers["X-Request-ID"]
    assert ("errors" in found) == (status == 422)
    return found


def wrong_fields(answer: httpx.Response) -> list[str]:
    """Return the paths that a 422 names."""
    return [error["path"] for error in problem(answer, 422)["errors"]]


async def account_of(studio: Studio, email: str = "ada@example.org") -> Account:
    found = await studio.read(accounts.credentials, email)
    assert found is not None
    return found.account


async def set_user(studio: Studio, email: str, **columns: Any) -> None:
    """Change columns of an account, as an administrator will be able to."""

    def change() -> Change[None]:
        UserRow.update(**columns).where(UserRow.email == email).execute()
        return Change(None)

    await studio.write(change)


async def nothing_starts(studio: Studio, email: str = "ada@example.org") -> None:
    """Keep a user's jobs in the queue: none may run at once."""
    await set_user(studio, email, max_concurrent_jobs=0)


async def a_stored_job(
    studio: Studio, *events: JobInput, email: str = "ada@example.org"
) -> Job:
    """Store a benchmark that nobody runs, and what `events` make of its job."""
    new = a_new_benchmark(await account_of(studio, email))
    job = await studio.write(benchmarks.create, new, NO_LIMITS)
    for event in events:
        changed = await studio.write(jobs.change, job, step(job, event)[0], AT_MS)
        assert changed is not None
        job = changed
    return job


async def a_provider(
    studio: Studio, mine: dict[str, str], *models: str, **fields: Any
) -> dict[str, Any]:
    """Add a provider with these models to whose headers these are; return the answer."""
    body = ADDRESS | fields
    answer = await studio.client.post("/api/providers", json=body, headers=mine)
    assert answer.status_code == 201, answer.text
    provider: dict[str, Any] = answer.json()
    for name in models:
        path = f"/api/providers/{provider['id']}/models"
        added = await studio.client.post(path, json={"name": name}, headers=mine)
        assert added.status_code == 201, added.text
    return provider
