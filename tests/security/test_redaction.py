"""Secrets stay out of logs."""

import secrets
from collections.abc import Iterator

import pytest

from security import redaction
from security.redaction import MASK, MAX_SECRETS, redact, redact_event, register_secret

HIDDEN = "hIdDeN-vAlUe-0123456789"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"


@pytest.fixture(autouse=True)
def fresh_registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(redaction, "_exact", redaction._ExactSecrets())
    return


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GET /ws?token=abc.def&since=3", "GET /ws?token=***&since=3"),
        ("token=abc&since=3", "token=***&since=3"),
        ("/x?a=1&api_key=abc HTTP/1.1", "/x?a=1&api_key=*** HTTP/1.1"),
        ("/cb?code=4/0AX#frag", "/cb?code=***#frag"),
        ("/v1beta/models?key=AQ.Ab8 failed", "/v1beta/models?key=*** failed"),
        ("/r?password=p%40ss&otp=123456&secret=s", "/r?password=***&otp=***&secret=***"),
        ("Authorization: Bearer abc.def", "Authorization: ***"),
        ("authorization: Basic YTpi\r\nHost: x", "authorization: ***\r\nHost: x"),
        (
            "{'Authorization': 'Bearer abc', 'Host': 'x'}",
            "{'Authorization': '***', 'Host': 'x'}",
        ),
        (
            "[(b'x-api-key', b'abc'), (b'Host', b'x')]",
            "[(b'x-api-key', b'***'), (b'Host', b'x')]",
        ),
        ("X-Goog-Api-Key: abc", "X-Goog-Api-Key: ***"),
        ("Set-Cookie: refresh=abc; Path=/", "Set-Cookie: ***"),
        (
            '{"email": "a@b", "password": "p\\"w", "n": 1}',
            '{"email": "a@b", "password": "***", "n": 1}',
        ),
        ('{"client_secret":"x y","model":"m"}', '{"client_secret":"***","model":"m"}'),
        ("bad key: Bearer abc~def/ghi==", "bad key: Bearer ***"),
        (
            "Incorrect API key provided: sk-proj-abcdefgh12",
            "Incorrect API key provided: sk-***",
        ),
        ("sk-ant-api03-abc_DEF-ghi, sorry", "sk-***, sorry"),
        ("key AIzaSyA1234567890 refused", "key AIza*** refused"),
        ("bst_abcdefghijkl and gsk_abcdefghijkl", "bst_*** and gsk_***"),
        (f"the token was {JWT}", "the token was eyJ***"),
        ("postgres://ada:pa55@db:5432/x", "postgres://ada:***@db:5432/x"),
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str, expected: str):
    assert redact(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a task-management job with max_tokens=512 and 30 tokens",
        "socket closed, code 4001",
        "the key of provider p1 was changed",
        "GET /api/jobs?limit=50&cursor=0192c0de-0000-7000-8000-000000000000",
        "http://127.0.0.1:8501/api/auth/login",
        "risk-adjusted, disk-based, sk-1",
        "",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str):
    assert redact(text) == text


def test_a_registered_value_is_masked_wherever_it_stands():
    register_secret(HIDDEN)

    assert redact(f"<{HIDDEN}> and {HIDDEN}") == f"<{MASK}> and {MASK}"


def test_a_registered_value_is_masked_as_urls_and_json_spell_it():
    register_secret('a/b c+"dé')

    for spelling in ('a/b c+"dé', "a%2Fb%20c%2B%22d%C3%A9", 'a/b c+\\"d\\u00e9'):
        assert redact(f"x{spelling}y") == f"x{MASK}y"


def test_of_two_registered_values_the_longer_goes_whole():
    register_secret(HIDDEN)
    register_secret(HIDDEN + "-and-more")

    assert redact(f"{HIDDEN}-and-more") == MASK


def test_a_short_value_is_not_registered_for_it_would_eat_words():
    register_secret("a")
    register_secret("")

    assert redact("a banana") == "a banana"


def test_the_registry_is_bounded_and_keeps_what_is_still_in_use():
    register_secret(HIDDEN)
    for _ in range(MAX_SECRETS - 1):
        register_secret(secrets.token_hex(8))
    register_secret(HIDDEN)
    for _ in range(MAX_SECRETS - 1):
        register_secret(secrets.token_hex(8))

    assert redact(HIDDEN) == MASK
    assert len(redaction._exact._spellings) == MAX_SECRETS


class Opaque:
    def __repr__(self) -> str:
        return f"<Opaque {HIDDEN}>"


def test_every_value_of_an_event_is_redacted_at_any_depth():
    register_secret(HIDDEN)
    event = {
        "event": f"call failed: {HIDDEN}",
        "exception": f"Traceback …\nValueError: Bearer {HIDDEN}",
        "error": ValueError(HIDDEN),
        "nested": {"list": [{"deep": HIDDEN}, (HIDDEN,), {HIDDEN}], HIDDEN: 1},
        "bytes": HIDDEN.encode(),
        "object": Opaque(),
        "status": 401,
        "ok": False,
        "ms": 1.5,
        "nothing": None,
    }
    redacted = redact_event(None, "info", event)

    assert HIDDEN not in repr(redacted)
    assert redacted["error"] == f"ValueError('{MASK}')"
    kept = ("status", "ok", "ms", "nothing")
    assert [redacted[name] for name in kept] == [401, False, 1.5, None]
    assert event["error"].args == (HIDDEN,)


def test_a_value_with_a_telling_name_is_masked_whatever_it_holds():
    event = {
        "password": "x",
        "otp": 123456,
        "api_key": "y",
        "headers": {"Authorization": "z", "x-api-key": ["v"], "Host": "h"},
        "setup_token": "w",
        "output_tokens": 12,
        "token_source": "usage",
        "code": 4001,
    }

    assert redact_event(None, "info", event) == {
        "password": MASK,
        "otp": MASK,
        "api_key": MASK,
        "headers": {"Authorization": MASK, "x-api-key": MASK, "Host": "h"},
        "setup_token": MASK,
        "output_tokens": 12,
        "token_source": "usage",
        "code": 4001,
    }


def test_an_event_that_holds_itself_is_cut_and_still_redacted():
    register_secret(HIDDEN)
    loop: dict[str, object] = {"value": HIDDEN}
    loop["self"] = loop

    assert HIDDEN not in repr(redact_event(None, "info", loop))


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "a.",
        "?a",
        "key=",
        "'a_",
        "'token':'",
        "cookie:",
        "\\",
        "a:",
        "://",
        "://a:",
        "sk-",
        "eyJ-",
        "eyJaaaaa.",
        "bearer ",
        "?" + "a" * 39,
    ],
)
def test_a_text_made_to_backtrack_is_read_in_linear_time(unit: str):
    # Were a pattern quadratic, half a million characters would take hours, not a second.
    redact("token " + unit * (500_000 // len(unit)))
