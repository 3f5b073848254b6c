"""Making accounts: the first one, and those after it."""

import asyncio
import dataclasses
import ipaddress
from pathlib import Path

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from handlers.first_account import may_register_first
from handlers.services import EdgeSettings
from storage import accounts
from tests.handlers.made import problem
from tests.service import PASSWORD, Studio, a_studio, bearer

REGISTER = "/api/auth/register"
BODY = {"email": "Ada@Example.org", "password": PASSWORD}
SETTINGS = EdgeSettings(
    version="1",
    host="127.0.0.1",
    cookie_secure=False,
    app_base_url=None,
    registration="open",
    trusted_origins=frozenset(),
    trusted_proxies=(),
    web_dir="",
    db_backend="sqlite",
)


async def register(studio: Studio, headers: dict[str, str] | None = None, **fields):
    return await studio.client.post(REGISTER, json=BODY | fields, headers=headers)


@pytest.mark.gen_test(timeout=30)
async def test_the_first_account_from_this_machine_is_the_admins_and_needs_no_token(
    tmp_path: Path,
):
    async with a_studio(tmp_path, REGISTRATION="closed") as studio:
        assert studio.running.needs_first_account
        answer = await register(studio)
        me = await studio.client.get("/api/auth/me", headers=bearer(answer))

    assert answer.status_code == 201
    found = answer.json()
    assert (found["token_type"], found["expires_in"]) == ("Bearer", 900)
    assert found["user"] == me.json()
    assert (found["user"]["email"], found["user"]["role"]) == ("ada@example.org", "admin")
    assert found["user"]["limits"] == {
        "max_concurrent_jobs": 4,
        "max_queued_jobs": 100,
        "jobs_per_hour": 1000,
    }
    assert set(found) == {"user", "access_token", "token_type", "expires_in"}
    assert PASSWORD not in answer.text


@pytest.mark.gen_test(timeout=30)
async def test_the_refresh_cookie_is_out_of_reach_of_scripts_and_other_sites(
    tmp_path: Path,
):
    async with a_studio(tmp_path) as studio:
        cookie = (await register(studio)).headers["Set-Cookie"]

    name, _, rest = cookie.partition("=")
    attributes = {part.strip().lower() for part in rest.split(";")[1:]}
    assert name == "refresh"
    assert attributes >= {"httponly", "path=/api/auth", "samesite=strict"}
    assert f"max-age={30 * 86400}" in attributes
    assert "secure" not in attributes
    assert not any(a.startswith("domain") for a in attributes)


@pytest.mark.gen_test(timeout=30)
async def test_behind_tls_the_cookie_is_for_tls_alone(tmp_path: Path):
    async with a_studio(tmp_path, COOKIE_SECURE="1") as studio:
        cookie = (await register(studio)).headers["Set-Cookie"]

    assert cookie.startswith("__Secure-refresh=")
    assert "; secure" in cookie.lower()


@pytest.mark.gen_test(timeout=30)
async def test_what_came_through_a_proxy_needs_the_token(tmp_path: Path):
    proxied = (
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Forwarded-Proto": "https"},
        {"X-Real-IP": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"Via": "1.1 proxy"},
        {"Host": "studio.example.org"},
    )
    async with a_studio(tmp_path) as studio:
        token = studio.services.setup_token
        for headers in proxied:
            for fields in ({}, {"setup_token": "guessed"}):
                refused = await register(studio, headers, **fields)
                assert "set-up token" in problem(refused, 403)["detail"], headers
                assert token not in refused.text
                assert "Set-Cookie" not in refused.headers
        assert await studio.read(accounts.count) == 0
        taken = await register(studio, headers, setup_token=token)

    assert (taken.status_code, taken.json()["user"]["role"]) == (201, "admin")
    assert token not in taken.text


@pytest.mark.gen_test(timeout=30)
@pytest.mark.parametrize(
    "env",
    [{"APP_BASE_URL": "http://127.0.0.1:8501"}, {"TRUSTED_PROXIES": "10.0.0.0/8"}],
    ids=str,
)
async def test_where_a_proxy_is_configured_everybody_needs_the_token(tmp_path: Path, env):
    async with a_studio(tmp_path, **env) as studio:
        problem(await register(studio), 403)
        taken = await register(studio, setup_token=studio.services.setup_token)

    assert taken.status_code == 201


@pytest.mark.gen_test(timeout=30)
async def test_a_wrong_token_is_refused_where_none_was_needed(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        problem(await register(studio, setup_token="guessed"), 403)
        assert await studio.read(accounts.count) == 0


@pytest.mark.parametrize(
    ("host", "peer", "named", "may"),
    [
        ("127.0.0.1", "127.0.0.1", "localhost:8501", True),
        ("::1", "::1", "[::1]:8501", True),
        ("localhost", "127.0.0.1", "127.0.0.1:8501", True),
        ("0.0.0.0", "127.0.0.1", "localhost:8501", False),
        ("192.168.0.7", "192.168.0.7", "localhost", False),
        ("127.0.0.1", "192.168.0.9", "localhost:8501", False),
        ("127.0.0.1", "127.0.0.1", "localhost.evil.example", False),
        ("127.0.0.1", "127.0.0.1", "192.168.0.7:8501", False),
        ("127.0.0.1", "", "localhost", False),
    ],
)
def test_only_a_connection_inside_this_machine_needs_no_token(host, peer, named, may):
    start = RequestStartLine("POST", REGISTER, "HTTP/1.1")
    request = HTTPServerRequest(start_line=start, headers=HTTPHeaders({"Host": named}))
    request.remote_ip = peer
    settings = dataclasses.replace(SETTINGS, host=host)
    proxy = ipaddress.ip_network("10.0.0.0/8")

    assert may_register_first(request, settings) is may
    behind_one = dataclasses.replace(settings, trusted_proxies=(proxy,))
    assert not may_register_first(request, behind_one)


@pytest.mark.gen_test(timeout=30)
async def test_of_several_first_registrations_at_once_one_is_the_admin(tmp_path: Path):
    async with a_studio(tmp_path, REGISTRATION="invite") as studio:
        answers = await asyncio.gather(
            *(register(studio, email=f"{n}@example.org") for n in range(5))
        )
        assert await studio.read(accounts.count) == 1

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201, 409, 409, 409, 409]


@pytest.mark.gen_test(timeout=30)
@pytest.mark.parametrize(
    ("policy", "status"), [("invite", 403), ("closed", 403), ("open", 201)]
)
async def test_after_the_first_account_the_policy_decides(
    tmp_path: Path, policy: str, status: int
):
    async with a_studio(tmp_path, REGISTRATION=policy) as studio:
        await studio.register()
        answer = await register(studio, email="bob@example.org")
        token = studio.services.setup_token
        with_token = await register(studio, email="cyd@example.org", setup_token=token)

    assert answer.status_code == with_token.status_code == status
    if status == 201:
        assert answer.json()["user"]["role"] == "user"


@pytest.mark.gen_test(timeout=30)
async def test_an_address_is_registered_once_in_whatever_case(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        await studio.register("ada@example.org")
        answer = await register(studio, email="ADA@example.ORG")

    problem(answer, 409)
    assert "Set-Cookie" not in answer.headers


@pytest.mark.gen_test(timeout=30)
async def test_everybody_gets_a_simulator_to_try_things_with(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        users = [await studio.register(), await studio.register("bob@example.org")]
        ids = [await studio.simulator_id(headers) for headers in users]
        answer = await studio.client.get("/api/models", headers=users[1])

    assert ids[0] != ids[1]
    assert {m["provider_id"] for m in answer.json()["items"]} == {ids[1]}
    assert "sim-fast" in {m["name"] for m in answer.json()["items"]}


@pytest.mark.gen_test(timeout=30)
async def test_the_operators_admin_exists_from_the_start_and_can_sign_in(tmp_path: Path):
    env = {"ADMIN_EMAIL": "boss@example.org", "ADMIN_PASSWORD": "from the environment"}
    body = {"email": env["ADMIN_EMAIL"], "password": env["ADMIN_PASSWORD"]}
    async with a_studio(tmp_path, **env) as studio:
        assert not studio.running.needs_first_account
        first = await studio.client.post("/api/auth/login", json=body)
        other = await register(studio)
    async with a_studio(tmp_path, **env) as studio:
        again = await studio.client.post("/api/auth/login", json=body)
        kept = await studio.client.get("/api/auth/me", headers=bearer(first))

    assert first.json()["user"]["role"] == again.json()["user"]["role"] == "admin"
    assert other.json()["user"]["role"] == "user"
    assert kept.status_code == 200
