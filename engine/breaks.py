"""Why an HTTP exchange broke off: errors of the transport as error classes."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from domain.failures import ErrorClass
from engine.transport.errors import EndedEarlyError, ReplyTooLargeError
from engine.transport.phases import Phases

# Raised before anything is sent. Their texts quote the offending header, escaped, so that
# no redaction would find the secret in it: they are not passed on.
UNSENDABLE = (
    httpx.InvalidURL,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    UnicodeError,
)


@dataclass(frozen=True, slots=True)
class Break:
    """How an exchange ended before its time."""

    error_class: ErrorClass
    message: str


TOO_LARGE = Break(ErrorClass.TOO_LARGE, "the reply is larger than 64 MiB or 500,000 reads")


def break_of_error(error: Exception, phases: Phases) -> Break:
    """Return what `error` means, given how far the exchange had come."""
    if isinstance(error, UNSENDABLE):
        text = f"the address or a header cannot be sent ({type(error).__name__})"
        return Break(ErrorClass.CLIENT_ERROR, text)
    if isinstance(error, ReplyTooLargeError):
        return TOO_LARGE
    text = _innermost(error)
    if not phases.connected:
        in_tls = phases.in_tls_handshake
        return Break(ErrorClass.TLS if in_tls else ErrorClass.CONNECT, text)
    if isinstance(error, EndedEarlyError):
        return Break(ErrorClass.DROPPED, text)
    if isinstance(error, httpx.RemoteProtocolError | httpx.DecodingError):
        return Break(ErrorClass.MALFORMED, text)
    return Break(ErrorClass.DROPPED, text or "the connection was closed")


def break_of_deadline(phases: Phases) -> Break:
    """Return what running out of time means; which timeout it was, the tokens tell."""
    if phases.connected:
        return Break(ErrorClass.TIMEOUT_TOTAL, "the time limit fell")
    if phases.in_tls_handshake:
        return Break(ErrorClass.TLS, "the handshake took longer than the time limit")
    return Break(ErrorClass.CONNECT, "connecting took longer than the time limit")


def _innermost(error: BaseException) -> str:
    """Return the text of the first cause: the system's words, not the wrappers'."""
    while True:
        if isinstance(error, BaseExceptionGroup):
            inner: BaseException | None = error.exceptions[0]
        else:
            inner = error.__cause__ or error.__context__
        if inner is None:
            return str(error) or type(error).__name__
        error = inner
