"""The transport that httpx sends measured requests through."""

from __future__ import annotations

import ssl
import time
import weakref

import httpx

from engine.transport.connection import Connection
from engine.transport.dialing import dial
from engine.transport.phases import Phases
from engine.transport.pool import Origin, Pool
from engine.transport.proxies import Proxies, Proxy, open_tunnel
from engine.transport.reply import Limits, StampedReply
from engine.transport.request_bytes import request_bytes
from engine.transport.stamps import shared_clock
from engine.transport.tls import TlsLayer

DEFAULT_PORTS = {"http": 80, "https": 443}


class StampedTransport(httpx.AsyncBaseTransport):
    """HTTP/1.1 over sockets of its own, every read stamped; bound to one event loop.

    Request extensions: `phases` (a `Phases` to fill), `on_read` (told each read). Response
    extension: `reply`, the `StampedReply`; httpx can read the body as usual instead. Time
    limits are the caller's: `timeout` is not looked at. Without `tls` no https is spoken.
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        fresh_connections: bool = False,
        proxies: Proxies | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._tls = tls
        self._fresh = fresh_connections
        self._proxies = proxies or Proxies()
        self._limits = limits or Limits()
        self._clock = shared_clock()
        self._pool = Pool()
        # an open connection is held by the loop that reads it
        self._connections: weakref.WeakSet[Connection] = weakref.WeakSet()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request` and return its response once the head is there.

        Raises `httpx.TransportError`; `StaleConnectionError` says that a kept connection
        was dead and the request may be sent again.
        """
        phases: Phases = request.extensions.get("phases") or Phases()
        proxy = self._proxies.proxy_of(request.url)
        message = await request_bytes(request)
        on_read = request.extensions.get("on_read")
        connection = await self._connection(request.url, proxy, phases)
        reply = StampedReply(request.method, self._limits, on_read)
        try:
            await connection.carry(message, reply, phases)
        except BaseException:
            connection.close()
            raise
        return _response(reply)

    async def aclose(self) -> None:
        """Close every connection, idle or not."""
        for connection in list(self._connections):
            connection.close()
        self._pool.close()

    async def _connection(
        self, url: httpx.URL, proxy: Proxy | None, phases: Phases
    ) -> Connection:
        origin = _origin(url)
        kept = self._pool.take(origin)
        if kept is not None:
            return kept
        try:
            connection = await self._open(origin, proxy, phases)
        except (OSError, UnicodeError) as error:  # ssl.SSLError is an OSError
            raise httpx.ConnectError(str(error)) from error
        self._connections.add(connection)
        return connection

    async def _open(
        self, origin: Origin, proxy: Proxy | None, phases: Phases
    ) -> Connection:
        scheme, host, port = origin
        to_host, to_port = (host, port) if proxy is None else (proxy.host, proxy.port)
        sock = await dial(to_host, to_port, phases)
        tls: TlsLayer | None = None
        try:
            if proxy is not None and scheme == "https":
                await open_tunnel(sock, proxy, host, port)
                phases.connected_ns = time.perf_counter_ns()
            if scheme == "https":
                phases.tls_started_ns = time.perf_counter_ns()
                tls = self._tls_layer(host)
                await tls.shake_hands(sock)
                phases.tls_done_ns = time.perf_counter_ns()
            return Connection(sock, tls, self._clock, lambda idle: self._rest(origin, idle))
        except BaseException:
            sock.close()
            raise

    def _tls_layer(self, host: str) -> TlsLayer:
        if self._tls is None:
            raise ssl.SSLError("this client was made without certificates to trust")
        return TlsLayer(self._tls, host)

    def _rest(self, origin: Origin, connection: Connection) -> None:
        if self._fresh:
            connection.close()
        else:
            self._pool.put(origin, connection)


def _origin(url: httpx.URL) -> Origin:
    if url.scheme not in DEFAULT_PORTS or not url.host:
        raise httpx.UnsupportedProtocol("the address is not one of http or https")
    return url.scheme, url.raw_host.decode("ascii"), url.port or DEFAULT_PORTS[url.scheme]


def _response(reply: StampedReply) -> httpx.Response:
    parser = reply.parser
    assert parser.status is not None
    return httpx.Response(
        parser.status,
        headers=parser.headers,
        stream=reply,
        extensions={
            "reply": reply,
            "http_version": parser.http_version,
            "reason_phrase": parser.reason,
        },
    )
