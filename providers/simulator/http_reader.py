"""Reads HTTP requests out of the bytes of one connection."""

from __future__ import annotations

import urllib.parse
from dataclasses import dataclass, field
from typing import Final

import httptools

from providers.simulator.failures import ApiError

MAX_BODY_BYTES: Final = 8 * 1024 * 1024
MAX_HEAD_BYTES: Final = 64 * 1024


@dataclass(slots=True)
class HttpRequest:
    """One request, read to its end; header names are in lower case."""

    method: str = ""
    target: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    keep_alive: bool = False
    version: str = "1.1"

    @property
    def path(self) -> str:
        """The path, without the `/v1` that may stand before it."""
        return self.target.partition("?")[0].removeprefix("/v1")

    def parameter(self, name: str) -> str | None:
        """Return the first value of a query parameter."""
        query = urllib.parse.parse_qs(self.target.partition("?")[2])
        return query[name][0] if name in query else None


class RequestReader:
    """Takes bytes as they come, gives back requests as they complete."""

    def __init__(self) -> None:
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)
        self._complete: list[HttpRequest] = []
        self._refusal: ApiError | None = None
        self._expects_continue = False
        self._was_last = False  # whether a request said that none will follow
        self.on_message_begin()

    def feed(self, data: bytes) -> list[HttpRequest]:
        """Return the requests that `data` completes; after an `ApiError`, feed no more."""
        assert self._parser is not None
        try:
            if not self._was_last:
                self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            # Bytes after a request that said it was the last one are not worth an error.
            if self._refusal or not self._was_last:
                raise self._refusal or ApiError(400, f"not HTTP: {error}") from None
        except httptools.HttpParserUpgrade:
            raise ApiError(400, "the simulator speaks plain HTTP/1.1") from None
        complete, self._complete = self._complete, []
        return complete

    def take_expectation(self) -> bool:
        """Return, once, whether the client waits for a "100 Continue" to go on."""
        expects, self._expects_continue = self._expects_continue, False
        return expects

    def close(self) -> None:
        """Part from the parser, which holds on to us."""
        self._parser = None

    def on_message_begin(self) -> None:
        """Begin a request; called by httptools, as all that follow."""
        self._request = HttpRequest()
        self._url = b""
        self._body: list[bytes] = []
        self._head_bytes = self._body_bytes = 0

    def on_url(self, url: bytes) -> None:
        """Take a piece of the request's target."""
        self._count_head(len(url))
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; of several with one name the last one counts."""
        self._count_head(len(name) + len(value))
        self._request.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Note what the head says."""
        assert self._parser is not None
        request = self._request
        request.method = self._parser.get_method().decode("ascii")
        request.target = self._url.decode("latin-1")
        request.version = self._parser.get_http_version()
        self._expects_continue = request.headers.get("expect", "").lower() == "100-continue"

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        self._body_bytes += len(body)
        if self._body_bytes > MAX_BODY_BYTES:
            self._refuse(413, f"a body may have {MAX_BODY_BYTES} bytes")
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Hand the request over."""
        assert self._parser is not None
        self._request.keep_alive = self._parser.should_keep_alive()
        self._was_last = not self._request.keep_alive
        self._request.body = b"".join(self._body)
        self._expects_continue = False
        self._complete.append(self._request)

    def _count_head(self, size_bytes: int) -> None:
        self._head_bytes += size_bytes
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(431, f"a request's head may have {MAX_HEAD_BYTES} bytes")

    def _refuse(self, status: int, message: str) -> None:
        self._refusal = ApiError(status, message)
        raise self._refusal
