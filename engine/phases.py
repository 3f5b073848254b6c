"""When an exchange connected, sent its last byte and got its headers.

All times are nanoseconds of `time.perf_counter_ns`; None is what did not happen. A
connection that was open already has no connect times.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import httpcore

NS_PER_MS = 1e6


@dataclass(slots=True)
class Phases:
    """Filled by whoever carries out the exchange."""

    connect_started_ns: int | None = None
    connected_ns: int | None = None
    tls_started_ns: int | None = None
    tls_done_ns: int | None = None
    sending_ns: int | None = None  # the first bytes of the request leave
    sent_ns: int | None = None  # t0: right before the last bytes of the request leave
    headers_ns: int | None = None
    _stream: httpcore.AsyncNetworkStream | None = None

    @property
    def reused(self) -> bool:
        """Whether the request went out on a connection that was open already."""
        return self.connect_started_ns is None and self.connected

    @property
    def connected(self) -> bool:
        """Whether there was a connection to send on, new or reused."""
        return self.sending_ns is not None

    @property
    def in_tls_handshake(self) -> bool:
        """Whether a handshake began and has not succeeded."""
        return self.tls_started_ns is not None and self.tls_done_ns is None

    @property
    def connect_ms(self) -> float | None:
        """Name resolution and TCP connect together."""
        return _between_ms(self.connect_started_ns, self.connected_ns)

    @property
    def tls_ms(self) -> float | None:
        """The TLS handshake."""
        return _between_ms(self.tls_started_ns, self.tls_done_ns)

    async def trace(self, event: str, info: dict[str, Any]) -> None:
        """Note what httpcore reports through `extensions={"trace": ...}`."""
        field = FIELD_OF_EVENT.get(event)
        if field is not None:
            setattr(self, field, time.perf_counter_ns())
        if event == CONNECTED:
            self._stream = info["return_value"]

    async def close_unfinished(self) -> None:
        """Close a connection whose handshake was given up: httpcore forgets it open."""
        if self.in_tls_handshake and self._stream is not None:
            await self._stream.aclose()


CONNECTED = "connection.connect_tcp.complete"
FIELD_OF_EVENT = {
    "connection.connect_tcp.started": "connect_started_ns",
    CONNECTED: "connected_ns",
    "connection.start_tls.started": "tls_started_ns",
    "connection.start_tls.complete": "tls_done_ns",
    "http11.send_request_headers.started": "sending_ns",
    "http11.send_request_body.started": "sent_ns",
    "http11.receive_response_headers.complete": "headers_ns",
}


def _between_ms(start_ns: int | None, end_ns: int | None) -> float | None:
    if start_ns is None or end_ns is None:
        return None
    return (end_ns - start_ns) / NS_PER_MS
