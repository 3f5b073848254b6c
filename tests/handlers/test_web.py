"""The web app's files, from a small build of our own."""

from pathlib import Path

import pytest
from tornado.httpclient import HTTPRequest, HTTPResponse
from tornado.web import Application

from actors.endpoints import EndpointSource
from actors.tree import Tree
from handlers.headers import ALWAYS
from handlers.routes import application
from handlers.services import EdgeSettings, Liveness, Services
from handlers.web import FOREVER, NOT_BUILT
from security.passwords import PasswordHasher
from security.tokens import AccessTokens, WsTickets
from security.vault import KeyRing
from tests.handlers.made import problem
from tests.service import a_studio

INDEX = "<!doctype html><title>studio</title>"
SCRIPT = "console.log('studio')"


async def no_simulator() -> str:
    return ""


def services(web_dir: Path) -> Services:
    """Return services over parts that are there and do not run."""
    tree, ring = Tree(), KeyRing(b"k" * 32)
    return Services(
        settings=EdgeSettings(
            version="1.2.0",
            host="127.0.0.1",
            cookie_secure=True,
            app_base_url=None,
            registration="open",
            trusted_origins=frozenset(),
            trusted_proxies=(),
            web_dir=str(web_dir),
            db_backend="sqlite",
        ),
        tree=tree,
        endpoints=EndpointSource(tree.storage, ring, no_simulator, {}),
        ring=ring,
        passwords=PasswordHasher(),
        access_tokens=AccessTokens(b"k" * 32),
        ws_tickets=WsTickets(b"k" * 32),
        refresh_key=b"k" * 32,
        setup_token="setup",
        liveness=Liveness(),
        workers=list,
        engine_ready=lambda: True,
        db_size_bytes=lambda: 0,
        pending_migrations=list,
        simulator_models=(),
    )


@pytest.fixture
def app(tmp_path: Path) -> Application:
    web_dir = tmp_path / "dist"
    (web_dir / "assets").mkdir(parents=True)
    (web_dir / "index.html").write_text(INDEX)
    (web_dir / "robots.txt").write_text("User-agent: *\nDisallow: /\n")
    (web_dir / "assets" / "app-3f2a.js").write_text(SCRIPT)
    (tmp_path / "secret.txt").write_text("out of bounds")
    return application(services(web_dir))


@pytest.fixture
def fetch(http_client, base_url):
    """Return how to fetch a path exactly as it is written."""

    async def fetch(path: str, method: str = "GET", **headers: str) -> HTTPResponse:
        body = b"{}" if method in {"POST", "PUT"} else None
        request = HTTPRequest(
            base_url + path, method, headers, body, follow_redirects=False
        )
        return await http_client.fetch(request, raise_error=False)

    return fetch


@pytest.mark.gen_test(timeout=30)
@pytest.mark.parametrize(
    "path", ["/", "/benchmarks", "/benchmarks/123?tab=rows", "/a/b/c", "/apix"]
)
async def test_every_page_is_the_web_apps_to_route_and_never_stale(fetch, path: str):
    answer = await fetch(path)

    assert (answer.code, answer.body.decode()) == (200, INDEX)
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.gen_test(timeout=30)
async def test_a_file_whose_name_holds_its_hash_is_kept_for_good(fetch):
    answer = await fetch("/assets/app-3f2a.js")

    assert (answer.code, answer.body.decode()) == (200, SCRIPT)
    assert answer.headers["Content-Type"] in {"text/javascript", "application/javascript"}
    assert answer.headers["Cache-Control"] == FOREVER


@pytest.mark.gen_test(timeout=30)
async def test_other_files_are_served_as_they_are(fetch):
    answer = await fetch("/robots.txt")

    assert answer.headers["Content-Type"] == "text/plain"
    assert answer.body.startswith(b"User-agent: *")


@pytest.mark.gen_test(timeout=30)
async def test_a_missing_asset_is_not_answered_with_a_page(fetch):
    answer = await fetch("/assets/app-0000.js")

    assert (answer.code, answer.headers["Content-Type"]) == (
        404,
        "application/problem+json",
    )
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.gen_test(timeout=30)
@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/assets/../../secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "//secret.txt",
        "/%00",
        "/" + "x" * 5000,
    ],
)
async def test_nothing_outside_the_build_is_served(fetch, path: str):
    answer = await fetch(path)

    assert answer.code in {200, 403, 404}
    assert b"out of bounds" not in answer.body
    if answer.code == 200:
        assert answer.body.decode() == INDEX


@pytest.mark.gen_test(timeout=30)
async def test_a_folder_leads_nowhere_else(fetch):
    answer = await fetch("/assets")

    assert answer.code in {301, 404}
    assert answer.headers.get("Location", "/assets/") == "/assets/"


@pytest.mark.gen_test(timeout=30)
@pytest.mark.parametrize("path", ["/", "/benchmarks", "/assets/app-3f2a.js"])
async def test_head_answers_as_get_does_without_the_body(fetch, path: str):
    got, head = await fetch(path), await fetch(path, "HEAD")

    assert (head.code, head.body) == (200, b"")
    for name in ("Content-Length", "Content-Type", "Cache-Control", "Etag"):
        assert head.headers[name] == got.headers[name]


@pytest.mark.gen_test(timeout=30)
async def test_what_a_browser_has_already_is_not_sent_again(fetch):
    etag = (await fetch("/")).headers["Etag"]
    answer = await fetch("/benchmarks", **{"If-None-Match": etag})

    assert (answer.code, answer.body) == (304, b"")


@pytest.mark.gen_test(timeout=30)
@pytest.mark.parametrize(
    "path", ["/", "/assets/app-3f2a.js", "/assets/none.js", "/api/nope"]
)
async def test_pages_and_their_errors_carry_the_headers_of_every_answer(fetch, path: str):
    answer = await fetch(path, **{"X-Request-ID": "abc"})

    for name, value in ALWAYS.items():
        assert answer.headers[name] == value
    assert "Server" not in answer.headers
    assert answer.headers["X-Request-ID"] == "abc"
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.gen_test(timeout=30)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_a_page_can_only_be_read(fetch, method: str):
    answer = await fetch("/", method)

    assert (answer.code, answer.headers["Content-Type"]) == (
        405,
        "application/problem+json",
    )
    assert answer.headers["Allow"] == "GET, HEAD"


@pytest.mark.gen_test(timeout=30)
async def test_the_api_is_not_hidden_by_the_web_app(fetch):
    health, unknown = await fetch("/healthz"), await fetch("/api/nope")

    assert health.headers["Content-Type"] == "application/json"
    assert (unknown.code, unknown.headers["Content-Type"]) == (
        404,
        "application/problem+json",
    )


@pytest.mark.gen_test(timeout=30)
async def test_until_the_web_app_is_built_pages_say_so_and_the_api_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("studio.parts.WEB_DIR", tmp_path / "nothing")
    async with a_studio(tmp_path) as studio:
        pages = [await studio.client.get(path) for path in ("/", "/benchmarks")]
        health = await studio.client.get("/healthz")

    assert [problem(answer, 404)["detail"] for answer in pages] == [NOT_BUILT] * 2
    assert health.status_code == 200
