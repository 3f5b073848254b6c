"""Errors: always a problem document, never more than the caller may know."""

import itertools
import json
import re
from pathlib import Path

import httpx
import pytest
import structlog

from handlers.base import MAX_BODY_BYTES
from storage.changes import Change
from storage.tables import UserRow
from studio.app import MAX_DRAINED_BODY_BYTES
from tests.handlers.made import problem, wrong_fields
from tests.service import PASSWORD, a_studio

pytestmark = pytest.mark.gen_test(timeout=30)
REGISTER = "/api/auth/register"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def test_a_body_that_cannot_be_read_is_a_400(tmp_path: Path):
    bodies = (
        b"",
        b"{",
        b"email=ada@example.org",
        b"\xff\xfe",
        b'{"email": "\xff"}',
        b'{"email": "\\ud800"}',
    )
    async with a_studio(tmp_path) as studio:
        for body in bodies:
            answer = await studio.client.post(REGISTER, content=body)
            assert problem(answer, 400)["title"] == "Malformed request"


async def test_a_body_that_is_nested_too_deeply_is_a_400(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        for nested in (b"[" * 100_000, b'{"a":' * 100_000):
            body = b'{"params":{"a":' + nested
            answer = await studio.client.post(
                "/api/benchmarks", content=body, headers=headers
            )
            assert "nested" in problem(answer, 400)["detail"]


async def test_a_wrong_field_is_a_422_that_names_it(tmp_path: Path):
    cases = (
        ({"emial": "x"}, "$.emial", "unknown field"),
        ({"email": None}, "$.email", "Expected `str`, got `null`"),
        ({"email": "nobody"}, "$.email", "must be an e-mail address"),
        ({"password": "short"}, "$.password", "length >= 8"),
        ({"password": "x" * 257}, "$.password", "length <= 256"),
        ({"invite": 7}, "$.invite", "got `int`"),
    )
    good = {"email": "ada@example.org", "password": PASSWORD}
    async with a_studio(tmp_path) as studio:
        for changes, path, words in cases:
            answer = await studio.client.post(REGISTER, json=good | changes)
            (error,) = problem(answer, 422)["errors"]
            assert error["path"] == path
            assert words in error["message"]


async def test_a_missing_field_is_named_and_so_is_one_deep_inside(tmp_path: Path):
    target = {"provider_id": "p", "model": "m"}
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        answers = [
            await studio.client.post("/api/benchmarks", json=body, headers=headers)
            for body in (
                {"prompt": "hello"},
                {"targets": [target, target | {"tier": 1}], "prompt": "hello"},
                {"targets": [target], "prompt": "hello", "load": {"mode": "chaos"}},
                {"targets": [], "prompt": "hello"},
                [],
            )
        ]

    assert [wrong_fields(answer) for answer in answers] == [
        ["$.targets"],
        ["$.targets[1].tier"],
        ["$.load.mode"],
        ["$.targets"],
        ["$"],
    ]


async def test_a_body_may_be_two_mib_and_beyond_that_is_a_413(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        most = json.dumps({"email": "", "password": ""}).ljust(MAX_BODY_BYTES)
        fits = await studio.client.post(REGISTER, content=most)
        big = await studio.client.post(REGISTER, content=b" " * 3 * 1024 * 1024)
        again = await studio.client.get("/healthz")

    problem(fits, 422)
    assert "2 MiB" in problem(big, 413)["detail"]
    assert again.status_code == 200


async def test_far_beyond_that_the_connection_is_closed_and_the_studio_lives(
    tmp_path: Path,
):
    async with a_studio(tmp_path) as studio:
        try:
            answer = await studio.client.post(
                REGISTER, content=b" " * (MAX_DRAINED_BODY_BYTES + 1)
            )
        except httpx.TransportError:
            answer = None
        alive = await studio.client.get("/healthz")

    assert answer is None or answer.status_code == 400
    assert alive.status_code == 200


async def test_json_is_read_whatever_the_content_type_says(tmp_path: Path):
    """As `curl -d` sends it: labelled as a form, with more `&` than a form may have."""
    types = (
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/x",
    )
    async with a_studio(tmp_path) as studio:
        await studio.register()
        answers = [
            await studio.client.post(
                "/api/auth/login",
                content=json.dumps(
                    {"email": "ada@example.org", "password": PASSWORD, "otp": "&=%" * 9_000}
                ),
                headers={"Content-Type": content_type},
            )
            for content_type in types
        ]

    assert [answer.status_code for answer in answers] == [200, 200, 200]


async def test_a_method_that_a_route_does_not_have_is_a_405_that_names_those_it_has(
    tmp_path: Path,
):
    cases = (
        ("PUT", "/healthz", "GET"),
        ("GET", "/api/auth/login", "POST"),
        ("POST", "/api/providers/x", "GET, PATCH, DELETE"),
        ("DELETE", "/api/providers/x/models", "POST"),
        ("GET", "/api/providers/x/key", "PUT, DELETE"),
        ("OPTIONS", "/api/benchmarks", "GET, POST"),
        ("BREW", "/api/jobs", "GET"),
    )
    async with a_studio(tmp_path) as studio:
        for method, path, allow in cases:
            answer = await studio.client.request(method, path)
            problem(answer, 405)
            assert answer.headers["Allow"] == allow, (method, path)


async def test_an_unknown_route_below_api_is_a_404_as_json(tmp_path: Path):
    paths = ("/api", "/api/", "/api/nope", "/api/jobs/", "/api/jobs/a/b/c")
    async with a_studio(tmp_path) as studio:
        for method, path in itertools.product(("GET", "POST", "DELETE", "HEAD"), paths):
            answer = await studio.client.request(method, path)
            assert answer.status_code == 404, (method, path)
            assert answer.headers["Content-Type"] == "application/problem+json"


async def test_an_unreadable_query_says_what_is_wrong_with_it(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        answers = [
            await studio.client.get(f"/api/jobs{rest}", headers=headers)
            for rest in ("?cursor=%ff", "/%ff", "?limit=%25d%ff")
        ]

    for answer in answers:
        assert "%s" not in problem(answer, 400)["detail"]


async def test_what_was_not_expected_is_a_500_that_tells_nothing_but_its_id(tmp_path: Path):
    def spoil() -> Change[None]:
        UserRow._meta.database.execute_sql("ALTER TABLE refresh_family RENAME TO elsewhere")
        return Change(None)

    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        await studio.write(spoil)
        with structlog.testing.capture_logs(
            processors=[structlog.contextvars.merge_contextvars]
        ) as logs:
            answer = await studio.client.get("/api/auth/me?token=s3cret", headers=headers)

    found = problem(answer, 500)
    assert found["title"] == "Internal Server Error"
    assert "refresh_family" not in answer.text
    (entry,) = [log for log in logs if log["log_level"] == "error"]
    assert entry["request_id"] == found["request_id"]
    assert entry["path"] == "/api/auth/me"
    assert "s3cret" not in str(logs)


async def test_a_plain_request_id_is_sent_back(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        for given in ("abc", "A.b_c-1", "x" * 64):
            for path in ("/healthz", "/api/nope", "/", "/ws"):
                answer = await studio.client.get(path, headers={"X-Request-ID": given})
                assert answer.headers["X-Request-ID"] == given, path


async def test_any_other_request_gets_an_id_of_ours(tmp_path: Path):
    given = (
        {},
        *[{"X-Request-ID": i} for i in ("", "a b", "x" * 65, "<script>", b"a\xfc")],
    )
    async with a_studio(tmp_path) as studio:
        answers = [
            await studio.client.get(path, headers=headers)
            for path in ("/healthz", "/api/nope", "/")
            for headers in given
        ]

    ids = [answer.headers["X-Request-ID"] for answer in answers]
    assert all(UUID.fullmatch(found) for found in ids)
    assert len(set(ids)) == 18


async def test_the_id_in_the_log_is_the_one_that_was_answered(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        with structlog.testing.capture_logs(
            processors=[structlog.contextvars.merge_contextvars]
        ) as logs:
            answer = await studio.client.get("/api/nope")

    (entry,) = [log for log in logs if log["event"] == "request"]
    assert entry["request_id"] == problem(answer, 404)["request_id"]
    assert (entry["method"], entry["path"], entry["status"]) == ("GET", "/api/nope", 404)
