"""A whole studio for tests: real sockets, a real database in a temporary folder.

    async with a_studio(tmp_path) as studio:
        headers = await studio.register("ada@example.org")
        answer = await studio.client.get("/api/auth/me", headers=headers)

Anybody may register unless `REGISTRATION` says otherwise. The client keeps no cookies: a
test that wants one takes it from an answer (`refresh_cookie`) and sends it itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any, TypeVar

import httpx

from handlers.services import Services
from storage.changes import Change
from studio.app import Running, running_studio
from studio.settings import Settings

T = TypeVar("T")

PASSWORD = "correct horse battery"
CALL_S = 20


@dataclass(frozen=True, slots=True)
class Studio:
    """A studio that serves, and a client that talks to it."""

    url: str
    ws_url: str
    client: httpx.AsyncClient
    running: Running

    @property
    def services(self) -> Services:
        return self.running.services

    async def register(
        self, email: str = "ada@example.org", **fields: Any
    ) -> dict[str, str]:
        """Make an account; returns the headers that its requests carry."""
        body = {"email": email, "password": PASSWORD} | fields
        answer = await self.client.post("/api/auth/register", json=body)
        assert answer.status_code == 201, answer.text
        return bearer(answer)

    async def simulator_id(self, headers: dict[str, str]) -> str:
        """Return the id of the simulator provider that every user has."""
        answer = await self.client.get("/api/providers", headers=headers)
        (found,) = (p for p in answer.json()["items"] if p["kind"] == "simulator")
        return found["id"]

    async def submit(self, headers: dict[str, str], **fields: Any) -> dict[str, Any]:
        """Start a benchmark of the simulator (one fast request); returns its job."""
        target = {"provider_id": await self.simulator_id(headers), "model": "sim-fast"}
        body = {"targets": [target], "prompt": "hello", "runs": 1, "warmup": 0} | fields
        answer = await self.client.post("/api/benchmarks", json=body, headers=headers)
        assert answer.status_code == 202, answer.text
        return answer.json()["job"]

    async def read(self, work: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
        """Run a storage function on one of the studio's readers."""
        return await self.services.tree.storage.read(work, *args, **kwargs)

    async def write(
        self, work: Callable[..., Change[T]], /, *args: Any, **kwargs: Any
    ) -> T:
        """Run a storage function on the studio's writer."""
        return await self.services.tree.storage.write(work, *args, **kwargs)


@contextlib.asynccontextmanager
async def a_studio(data_dir: Path, **env: str) -> AsyncIterator[Studio]:
    """Run a studio on a free port with its data in `data_dir`; `env` sets variables."""
    given = {"DATA_DIR": str(data_dir), "PORT": "0", "WORKERS": "1", "REGISTRATION": "open"}
    async with running_studio(Settings.from_env(given | env)) as running:
        address = f"127.0.0.1:{running.port}"
        url = f"http://{address}"
        async with client_of(url) as client:
            yield Studio(url, f"ws://{address}/ws", client, running)


def client_of(url: str) -> httpx.AsyncClient:
    """Return a client for one server that neither keeps cookies nor reads proxies."""
    jar = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    return httpx.AsyncClient(base_url=url, cookies=jar, timeout=CALL_S, trust_env=False)


def bearer(answer: httpx.Response) -> dict[str, str]:
    """Return the headers that carry an answered access token."""
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def refresh_cookie(answer: httpx.Response) -> dict[str, str]:
    """Return the headers that carry an answered refresh cookie."""
    return {
        "Cookie": "; ".join(f"{name}={value}" for name, value in answer.cookies.items())
    }
