"""When an exchange resolved, connected, shook hands, sent its last byte, got its headers.

All times are nanoseconds of `time.perf_counter_ns`; None is what did not happen. A
connection that was open already has none of the first three.
"""

from __future__ import annotations

from dataclasses import dataclass

NS_PER_MS = 1e6


@dataclass(slots=True)
class Phases:
    """Filled by the transport; hand one over as the request extension `phases`."""

    dns_started_ns: int | None = None
    dns_done_ns: int | None = None
    connect_started_ns: int | None = None
    connected_ns: int | None = None
    tls_started_ns: int | None = None
    tls_done_ns: int | None = None
    sending_ns: int | None = None  # right before the first bytes of the request leave
    sent_ns: int | None = None  # t0: right before the last bytes of the request leave
    headers_ns: int | None = None  # arrival of the read that completed the headers
    reused: bool = False  # the connection had carried a request before

    @property
    def connected(self) -> bool:
        """Whether there was a connection to send on, new or reused."""
        return self.sending_ns is not None

    @property
    def in_tls_handshake(self) -> bool:
        """Whether a handshake began and has not succeeded."""
        return self.tls_started_ns is not None and self.tls_done_ns is None

    @property
    def dns_ms(self) -> float | None:
        """Name resolution; None for an address that needs none."""
        return _between_ms(self.dns_started_ns, self.dns_done_ns)

    @property
    def connect_ms(self) -> float | None:
        """TCP connect, and the way through a proxy if there is one."""
        return _between_ms(self.connect_started_ns, self.connected_ns)

    @property
    def tls_ms(self) -> float | None:
        """The TLS handshake."""
        return _between_ms(self.tls_started_ns, self.tls_done_ns)


def _between_ms(start_ns: int | None, end_ns: int | None) -> float | None:
    if start_ns is None or end_ns is None:
        return None
    return (end_ns - start_ns) / NS_PER_MS
