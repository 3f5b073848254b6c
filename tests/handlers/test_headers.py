"""Headers that every answer carries, and whose pages may send requests."""

import itertools
from pathlib import Path

import httpx
import pytest
import websockets

from tests.handlers.made import problem
from tests.service import PASSWORD, a_studio, refresh_cookie

pytestmark = pytest.mark.gen_test(timeout=30)
SIGN_IN = {"email": "ada@example.org", "password": PASSWORD}
EVIL = "https://evil.example"
ANSWERS = [
    ("GET", "/healthz", 200),
    ("GET", "/api/docs", 200),
    ("GET", "/api/auth/me", 401),
    ("GET", "/api/nope", 404),
    ("PUT", "/healthz", 405),
    ("POST", "/api/auth/login", 400),
    ("GET", "/ws", 400),
    ("HEAD", "/healthz", 405),
]


async def test_every_answer_carries_the_headers_that_protect_a_page(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        for method, path, status in ANSWERS:
            answer = await studio.client.request(method, path)
            assert answer.status_code == status, path
            check_headers(answer)


def check_headers(answer: httpx.Response) -> None:
    headers = answer.headers
    assert "Server" not in headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Request-ID"]
    assert "Strict-Transport-Security" not in headers
    assert "Access-Control-Allow-Origin" not in headers
    policy = dict(
        part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";")
    )
    assert policy["script-src"] == policy["default-src"] == "'self'"
    assert (
        policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    )


async def test_behind_tls_browsers_are_told_to_insist_on_it(tmp_path: Path):
    async with a_studio(tmp_path, COOKIE_SECURE="true") as studio:
        answers = [await studio.client.get(path) for path in ("/healthz", "/api/nope", "/")]

    for answer in answers:
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


async def test_a_page_of_another_site_cannot_change_anything(tmp_path: Path):
    foreign = (
        {"Origin": EVIL},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://localhost.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": EVIL},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://other.example.org"},
    )
    async with a_studio(tmp_path) as studio:
        mine = await studio.client.post("/api/auth/register", json=SIGN_IN)
        cookie = refresh_cookie(mine)
        for headers, route in itertools.product(foreign, ("login", "refresh", "logout")):
            answer = await studio.client.post(
                f"/api/auth/{route}", json=SIGN_IN, headers=headers | cookie
            )
            problem(answer, 403)
            assert "Set-Cookie" not in answer.headers
        alive = await studio.client.post("/api/auth/refresh", headers=cookie)

    assert alive.status_code == 200


async def test_ones_own_page_and_what_is_no_browser_may(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        await studio.register()
        mine = studio.url
        allowed: list[dict[str, str]] = [
            {},
            {"Origin": mine},
            {"Origin": mine.replace("http:", "https:")},
            {"Origin": mine, "Sec-Fetch-Site": "same-origin"},
            {"Sec-Fetch-Site": "none"},
        ]
        answers = [
            await studio.client.post("/api/auth/login", json=SIGN_IN, headers=headers)
            for headers in allowed
        ]

    assert [answer.status_code for answer in answers] == [200] * len(allowed)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CORS_ORIGINS", "https://one.example.org, https://studio.example.org"),
        ("APP_BASE_URL", "https://studio.example.org/"),
    ],
)
async def test_origins_that_the_operator_trusts_may(
    tmp_path: Path, variable: str, value: str
):
    async with a_studio(tmp_path, **{variable: value}) as studio:
        await studio.register(setup_token=studio.services.setup_token)
        answers = [
            await studio.client.post(
                "/api/auth/login", json=SIGN_IN, headers={"Origin": origin}
            )
            for origin in ("https://studio.example.org", "http://studio.example.org")
        ]

    assert [answer.status_code for answer in answers] == [200, 403]


async def test_a_socket_of_another_site_is_refused_before_the_upgrade(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        with pytest.raises(websockets.InvalidStatus) as caught:
            await websockets.connect(studio.ws_url, origin=EVIL, proxy=None)
        for origin in (studio.url, None):
            async with websockets.connect(
                studio.ws_url, origin=origin, proxy=None
            ) as socket:
                await socket.wait_closed()
                assert socket.close_code == 4001

    refused = caught.value.response
    assert refused.status_code == 403
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.headers["X-Request-ID"].encode() in refused.body


async def test_a_socket_route_asked_for_as_a_page_says_what_it_is(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        plain = await studio.client.get("/ws")
        studio.services.liveness.draining = True
        stopping = await studio.client.get("/ws")

    assert "WebSocket" in problem(plain, 400)["detail"]
    problem(stopping, 503)
    assert stopping.headers["Retry-After"] == "1"
