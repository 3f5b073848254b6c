"""Who may do what: every route, tried by nobody, by somebody else, by a user.

The routes come from the route table, so a new one is tried without being named here.
"""

import base64
import json
import time
from pathlib import Path

import httpx
import jwt
import pytest

from domain.jobs import Cancel
from handlers.operations import operation_of
from handlers.routes import ROUTES
from tests.handlers.made import (
    OPERATIONS,
    a_body,
    a_provider,
    a_stored_job,
    path_of,
    problem,
    set_user,
)
from tests.service import Studio, a_studio

pytestmark = pytest.mark.gen_test(timeout=30)
SECRET = "jwt-secret-of-these-tests-" * 3
READS = (
    "/api/providers/{provider_id}",
    "/api/benchmarks/{benchmark_id}",
    "/api/jobs/{job_id}",
)
WITH_ID = [(r, m, d) for r, m, d in OPERATIONS if "{" in r.path]


async def send(studio: Studio, route, method, declared, **given) -> httpx.Response:
    ids, headers = given.get("ids"), given.get("headers")
    return await studio.client.request(
        method.upper(), path_of(route, ids), json=a_body(declared), headers=headers
    )


def test_every_route_declares_what_it_does():
    assert len(OPERATIONS) > 25
    for route in ROUTES:
        assert any(r is route for r, _, _ in OPERATIONS), route.path
        methods = {m for m in vars(route.handler) if m in {"get", "post", "put", "patch"}}
        assert all(operation_of(getattr(route.handler, m)) for m in methods), route.path


async def test_without_a_token_only_what_is_declared_public_answers(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        await studio.register()
        got = {
            (route.path, method): (
                declared.access,
                await send(studio, route, method, declared),
            )
            for route, method, declared in OPERATIONS
        }

    for (path, method), (access, answer) in got.items():
        if access in {"user", "admin"}:
            problem(answer, 401)
            assert answer.headers["WWW-Authenticate"] == "Bearer"
        else:
            expected = {"/api/auth/login": 401, "/api/auth/refresh": 401}.get(path)
            expected = expected or operation_of(handler_of(path, method)).status
            assert answer.status_code == expected, path
    public = {path for (path, _), (access, _) in got.items() if access == "public"}
    assert public == {
        "/healthz",
        "/readyz",
        "/api/openapi.json",
        "/api/docs",
        "/api/auth/register",
        "/api/auth/login",
    }


def handler_of(path: str, method: str):
    (route,) = (r for r in ROUTES if r.path == path)
    return getattr(route.handler, method)


def unsigned(claims: dict) -> str:
    def part(of: dict) -> str:
        return base64.urlsafe_b64encode(json.dumps(of).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}."


async def test_a_token_that_is_not_ours_good_and_for_this_is_refused(tmp_path: Path):
    async with a_studio(tmp_path, JWT_SECRET=SECRET) as studio:
        good = (await studio.register())["Authorization"].removeprefix("Bearer ")
        ticket = await studio.client.post(
            "/api/auth/ws-ticket", headers={"Authorization": f"Bearer {good}"}
        )
        claims = jwt.decode(good, SECRET, algorithms=["HS256"], audience="access")
        tokens = {
            "changed": good[:-2] + ("A" if good[-2] != "A" else "B") + good[-1],
            "signed by another": jwt.encode(claims, "x" * 32, "HS256"),
            "another algorithm": jwt.encode(claims, SECRET, "HS384"),
            "unsigned": unsigned(claims),
            "expired": jwt.encode(claims | {"exp": time.time() - 1}, SECRET, "HS256"),
            "of another purpose": ticket.json()["token"],
            "of another family": jwt.encode(claims | {"fam": "other"}, SECRET, "HS256"),
            "of another user": jwt.encode(claims | {"sub": "other"}, SECRET, "HS256"),
            "words": "let me in",
        }
        assert jwt.encode(claims, SECRET, "HS256") == good
        schemes = [f"Bearer {token}" for token in tokens.values()]
        schemes += ["Basic YWRhOmFkYQ==", good, "Bearer", f"Token {good}"]
        answers = [
            await studio.client.get("/api/auth/me", headers={"Authorization": scheme})
            for scheme in schemes
        ]
        fine = await studio.client.get(
            "/api/auth/me", headers={"Authorization": f"bearer {good}"}
        )

    assert fine.status_code == 200
    for answer, scheme in zip(answers, schemes, strict=True):
        assert good not in problem(answer, 401)["detail"], scheme


async def test_a_role_in_the_token_is_not_believed(tmp_path: Path):
    async with a_studio(tmp_path, JWT_SECRET=SECRET) as studio:
        admin = await studio.register()
        headers = await studio.register("bob@example.org")
        token = headers["Authorization"].removeprefix("Bearer ")
        claims = jwt.decode(token, SECRET, algorithms=["HS256"], audience="access")
        forged = jwt.encode(claims | {"role": "admin"}, SECRET, "HS256")
        answers = [
            await studio.client.get("/api/admin/system", headers=given)
            for given in (headers, {"Authorization": f"Bearer {forged}"}, admin)
        ]
        await set_user(studio, "ada@example.org", role="user")
        demoted = await studio.client.get("/api/admin/system", headers=admin)

    for answer in (*answers[:2], demoted):
        problem(answer, 403)
    assert answers[2].status_code == 200


async def test_a_disabled_user_is_out_at_once(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        await set_user(studio, "ada@example.org", disabled=True)
        answer = await studio.client.get("/api/auth/me", headers=headers)

    problem(answer, 401)


@pytest.mark.parametrize("role", ["user", "admin"])
async def test_what_belongs_to_somebody_else_is_not_found_and_not_changed(
    tmp_path: Path, role: str
):
    """Not even an administrator reads or changes it by these routes."""
    async with a_studio(tmp_path) as studio:
        ada = await studio.register()
        bob = await studio.register("bob@example.org")
        await set_user(studio, "bob@example.org", role=role)
        provider = await a_provider(studio, ada, "m1")
        job = await a_stored_job(studio, Cancel(1))
        models = await studio.client.get("/api/models", headers=ada)
        ids = {
            "provider_id": provider["id"],
            "model_id": models.json()["items"][0]["id"],
            "benchmark_id": job.result_id,
            "job_id": job.id,
        }

        async def all_of_adas() -> list[str]:
            paths = [path.format(**ids) for path in READS]
            return [(await studio.client.get(path, headers=ada)).text for path in paths]

        before = await all_of_adas()
        answers = [
            await send(studio, route, method, declared, ids=ids, headers=bob)
            for route, method, declared in WITH_ID
        ]
        after = await all_of_adas()

    assert len(answers) > 12
    for answer in answers:
        assert "no such" in problem(answer, 404)["detail"]
    assert before == after
    assert all('"id"' in text for text in before)


async def test_what_is_not_there_is_not_found(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        for route, method, declared in WITH_ID:
            problem(await send(studio, route, method, declared, headers=headers), 404)
