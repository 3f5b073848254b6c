"""Access tokens and WebSocket tickets, attacked."""

import base64
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import UnauthenticatedError
from security.jwts import CLOCK_LEEWAY_S
from security.refresh import new_refresh
from security.tokens import AccessTokens, WsTickets

SECRET = b"s" * 32
OTHER = b"o" * 32
NOW_S = 1_800_000_000
PAYLOAD: dict[str, Any] = {
    "exp": NOW_S + 900,
    "iat": NOW_S,
    "nbf": NOW_S,
    "jti": "0192c0de-0000-7000-8000-000000000000",
    "sub": "ada",
    "iss": "llm-benchmark-studio",
    "aud": "access",
    "typ": "access",
    "fam": "f1",
    "role": "user",
}


def forged(
    key: Any = SECRET, algorithm: str = "HS256", headers: Any = None, **changes: Any
) -> str:
    """Return a token like ours but for `changes`; None takes a claim away."""
    payload = {name: v for name, v in (PAYLOAD | changes).items() if v is not None}
    return jwt.encode(payload, key, algorithm, headers=headers)


def raw(header: bytes, payload: bytes, signature: bytes = b"x") -> str:
    parts = (base64.urlsafe_b64encode(p).rstrip(b"=") for p in (header, payload, signature))
    return b".".join(parts).decode()


def refusal_of(token: str, now_s: float = NOW_S) -> str:
    with pytest.raises(UnauthenticatedError) as caught:
        AccessTokens(SECRET).verify(token, now_s)
    assert caught.value.__cause__ is None
    return str(caught.value)


def test_a_token_says_who_and_by_which_sign_in_for_fifteen_minutes():
    tokens = AccessTokens(SECRET)
    token = tokens.issue("ada", "f1", "admin", NOW_S)

    for at_s in (NOW_S, NOW_S + 899.9):
        claims = tokens.verify(token, at_s)
        assert (claims.user_id, claims.family_id, claims.role) == ("ada", "f1", "admin")
        assert claims.expires_at_s == NOW_S + 900
    assert refusal_of(token, NOW_S + 900)


def test_the_clock_of_the_machine_is_used_when_none_is_given():
    tokens = AccessTokens(SECRET)

    assert tokens.verify(tokens.issue("ada", "f1", "user")).user_id == "ada"
    with pytest.raises(UnauthenticatedError):
        tokens.verify(tokens.issue("ada", "f1", "user", 1_000_000_000))


def test_two_tokens_of_one_second_have_their_own_ids():
    tokens = AccessTokens(SECRET)
    ids = {tokens.verify(tokens.issue("a", "f", "user", 5), 5).token_id for _ in range(9)}

    assert len(ids) == 9


def test_the_untouched_payload_of_these_tests_is_let_in():
    assert AccessTokens(SECRET).verify(forged(), NOW_S).user_id == "ada"


ATTACKS = {
    "no algorithm": lambda: forged(key=None, algorithm="none"),
    "no algorithm, kept signature": lambda: (
        raw(b'{"alg":"none","typ":"JWT"}', json.dumps(PAYLOAD).encode(), b"")
        + forged().rpartition(".")[2]
    ),
    "another key": lambda: forged(key=OTHER),
    "another HMAC": lambda: forged(key=b"s" * 64, algorithm="HS512"),
    "a public-key algorithm": lambda: forged(
        key=rsa.generate_private_key(public_exponent=65537, key_size=2048),
        algorithm="RS256",
    ),
    "a header that names a key": lambda: forged(
        key=OTHER, headers={"kid": "../../dev/null", "jku": "http://127.0.0.1/keys"}
    ),
    "for a WebSocket": lambda: WsTickets(SECRET).issue("ada", "f1", NOW_S),
    "wrong audience": lambda: forged(aud="ws"),
    "several audiences": lambda: forged(aud=["access", "ws"]),
    "wrong type": lambda: forged(typ="refresh"),
    "wrong issuer": lambda: forged(iss="somebody else"),
    "expired": lambda: forged(exp=NOW_S),
    "not yet valid": lambda: forged(nbf=NOW_S + CLOCK_LEEWAY_S + 1),
    "issued in the future": lambda: forged(iat=NOW_S + CLOCK_LEEWAY_S + 1),
    "expiry as text": lambda: forged(exp=str(NOW_S + 900)),
    "expiry as truth": lambda: forged(exp=True),
    "unknown role": lambda: forged(role="root"),
    "a refresh token": new_refresh,
    "a personal token": lambda: "bst_" + new_refresh(),
    "nothing": lambda: "",
    "too long": lambda: forged(extra="x" * 5_000),
    "half a surrogate": lambda: "\ud800.\ud800.\ud800",
    "a header nested too deep": lambda: raw(b"[" * 2_000, b"{}"),
    "a payload that is no object": lambda: jwt.api_jws.encode(b"[1]", SECRET, "HS256"),
    **{f"without {name}": lambda name=name: forged(**{name: None}) for name in PAYLOAD},
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_false_token_is_refused_with_one_text(attack: str):
    expected = refusal_of("not a token at all")

    assert refusal_of(ATTACKS[attack]()) == expected


def test_a_token_signed_with_the_public_half_of_a_key_pair_is_refused():
    public = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = raw(b'{"alg":"HS256","typ":"JWT"}', json.dumps(PAYLOAD).encode(), b"")
    mac = base64.urlsafe_b64encode(hmac.digest(pem, head.rstrip(".").encode(), "sha256"))

    assert refusal_of(head + mac.rstrip(b"=").decode())


def test_changing_any_character_of_a_token_breaks_it():
    token = forged()
    # The last character of a part carries bits that the encoding leaves unused.
    places = [n for n in range(len(token) - 1) if token[n] != "." and token[n + 1] != "."]

    for place in places:
        other = "A" if token[place] != "A" else "B"
        refusal_of(token[:place] + other + token[place + 1 :])


@given(st.text(max_size=300))
def test_no_text_whatever_raises_anything_but_a_refusal(text: str):
    refusal_of(text)


def test_a_clock_set_back_a_little_does_not_sign_people_out():
    token = AccessTokens(SECRET).issue("ada", "f1", "user", NOW_S)

    assert AccessTokens(SECRET).verify(token, NOW_S - CLOCK_LEEWAY_S).user_id == "ada"
    assert refusal_of(token, NOW_S - CLOCK_LEEWAY_S - 1)


@pytest.mark.parametrize("maker", [AccessTokens, WsTickets])
def test_a_short_secret_is_refused_and_none_is_shown(maker: type[AccessTokens | WsTickets]):
    with pytest.raises(ValueError, match="32 bytes") as caught:
        maker(b"short-secret")
    assert "short-secret" not in str(caught.value)
    assert "sss" not in repr(maker(SECRET))


def test_a_ticket_opens_one_socket_and_no_second():
    tickets = WsTickets(SECRET)
    ticket = tickets.issue("ada", "f1", NOW_S)

    assert tickets.redeem(ticket, NOW_S + 1).user_id == "ada"
    with pytest.raises(UnauthenticatedError):
        tickets.redeem(ticket, NOW_S + 1)


def test_a_ticket_ends_after_thirty_seconds_and_names_its_sign_in():
    tickets = WsTickets(SECRET)
    early, late = (tickets.issue("ada", "f1", NOW_S) for _ in range(2))

    assert tickets.redeem(early, NOW_S + 29.9).family_id == "f1"
    with pytest.raises(UnauthenticatedError):
        tickets.redeem(late, NOW_S + 30)


def test_an_access_token_is_no_ticket():
    with pytest.raises(UnauthenticatedError):
        WsTickets(SECRET).redeem(AccessTokens(SECRET).issue("ada", "f1", "user"))


def test_a_restart_forgets_tickets_rather_than_take_one_twice():
    ticket = WsTickets(SECRET).issue("ada", "f1", NOW_S)

    with pytest.raises(UnauthenticatedError):
        WsTickets(SECRET).redeem(ticket, NOW_S)


def test_the_memory_for_tickets_is_bounded_and_expired_ones_leave_it():
    tickets = WsTickets(SECRET, max_open=3)
    issued = [tickets.issue("ada", "f1", NOW_S) for _ in range(4)]

    assert len(tickets._open) == 3
    with pytest.raises(UnauthenticatedError):
        tickets.redeem(issued[0], NOW_S)
    assert all(tickets.redeem(ticket, NOW_S) for ticket in issued[1:3])
    tickets.issue("ada", "f1", NOW_S + 31)
    assert len(tickets._open) == 1
