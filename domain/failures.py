"""The classes of a failed request: what the provider, or the way to it, did wrong."""

from __future__ import annotations

import enum


class ErrorClass(enum.StrEnum):
    """Stable names, stored with each failed request and counted in result rows."""

    CONNECT = "connect"  # name not resolved, refused, unreachable, reset while connecting
    TLS = "tls"  # handshake or certificate
    TIMEOUT_FIRST_TOKEN = "timeout_first_token"  # noqa: S105 - not a password
    TIMEOUT_STALL = "timeout_stall"  # tokens came, then silence up to the time limit
    TIMEOUT_TOTAL = "timeout_total"  # tokens still came when the time limit fell
    AUTH = "auth"  # 401, 403
    NOT_FOUND = "not_found"  # 404
    RATE_LIMITED = "rate_limited"  # 429
    CLIENT_ERROR = "client_error"  # any other 4xx, and unexpected 1xx to 3xx
    SERVER_ERROR = "server_error"  # 5xx
    PROVIDER_ERROR = "provider_error"  # HTTP 200, then an error object in the stream
    DROPPED = "dropped"  # the connection ended before the reply did
    MALFORMED = "malformed"  # bytes that are not the protocol
    EMPTY = "empty"  # a complete reply without a single token
    TOO_LARGE = "too_large"  # more bytes than a reply may hold


def class_of_status(status: int) -> ErrorClass:
    """Return the class of an HTTP status that is not 200."""
    if status in {401, 403}:
        return ErrorClass.AUTH
    if status == 404:
        return ErrorClass.NOT_FOUND
    if status == 429:
        return ErrorClass.RATE_LIMITED
    return ErrorClass.SERVER_ERROR if status >= 500 else ErrorClass.CLIENT_ERROR
