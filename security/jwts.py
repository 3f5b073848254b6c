"""JSON Web Tokens bound to one purpose: HS256, every claim required, one refusal."""

from __future__ import annotations

from typing import Generic, TypeVar

import jwt
import msgspec

from domain.errors import UnauthenticatedError
from security.ids import new_id

ALGORITHM = "HS256"
ISSUER = "llm-benchmark-studio"
MIN_SECRET_BYTES = 32
CLOCK_LEEWAY_S = 10  # for nbf and iat only: the clock may be set back a little
MAX_TOKEN_CHARS = 4096
REFUSAL = "Sign in again: this token is not valid here, or no longer."


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What every token carries; a purpose narrows `aud` and `typ` to its own name."""

    exp: int
    iat: int
    nbf: int
    jti: str
    sub: str
    iss: str
    aud: str
    typ: str


C = TypeVar("C", bound=Claims)
_REQUIRED = ["exp", "iat", "nbf", "jti", "sub", "iss", "aud", "typ"]


class PurposeSigner(Generic[C]):
    """Signs and reads the tokens of one purpose, which is both their `aud` and `typ`.

    Args:
        secret: at least 32 bytes (RFC 7518, 3.2).
        purpose: e.g. "access"; a token of another purpose is refused.
        claims: the struct that a token's payload must fit.
        lifetime_s: seconds from `iat` to `exp`.

    Raises:
        ValueError: the secret is too short.

    """

    def __init__(
        self, secret: bytes, purpose: str, claims: type[C], *, lifetime_s: int
    ) -> None:
        if len(secret) < MIN_SECRET_BYTES:
            raise ValueError(f"the secret must hold at least {MIN_SECRET_BYTES} bytes")
        self._secret = secret
        self._purpose = purpose
        self._claims = claims
        self._lifetime_s = lifetime_s

    def sign(self, subject: str, private: dict[str, str], now_s: float) -> C:
        """Return the claims of a new token for `subject`; `encode` turns them into it."""
        issued_at_s = int(now_s)
        registered = {
            "exp": issued_at_s + self._lifetime_s,
            "iat": issued_at_s,
            "nbf": issued_at_s,
            "jti": new_id(),
            "sub": subject,
            "iss": ISSUER,
            "aud": self._purpose,
            "typ": self._purpose,
        }
        return msgspec.convert(registered | private, self._claims)

    def encode(self, claims: C) -> str:
        """Return the compact form of `claims`, signed."""
        return jwt.encode(msgspec.to_builtins(claims), self._secret, ALGORITHM)

    def read(self, token: str, now_s: float) -> C:
        """Return the claims of `token` as of `now_s`.

        Raises:
            UnauthenticatedError: for every cause, with the same text.

        """
        try:
            claims = msgspec.convert(self._verified(token), self._claims)
        except (jwt.PyJWTError, ValueError, RecursionError):
            # ValueError covers msgspec.ValidationError and text that is no UTF-8
            raise UnauthenticatedError(REFUSAL) from None
        earliest_s = max(claims.nbf, claims.iat) - CLOCK_LEEWAY_S
        if not earliest_s <= now_s < claims.exp:
            raise UnauthenticatedError(REFUSAL)
        return claims

    def _verified(self, token: str) -> dict[str, object]:
        if len(token) > MAX_TOKEN_CHARS:
            raise ValueError("longer than any token of ours")
        return jwt.decode(
            token,
            self._secret,
            algorithms=[ALGORITHM],
            audience=self._purpose,
            issuer=ISSUER,
            # Times are judged in `read`, by the clock that the caller gives.
            options={
                "require": _REQUIRED,
                "strict_aud": True,
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
