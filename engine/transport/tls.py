"""TLS over a socket that somebody else reads: the stamps stay with the reads."""

from __future__ import annotations

import asyncio
import socket
import ssl

RECORD_BYTES = 16 * 1024
_HANDSHAKE_BYTES = 64 * 1024


class TlsLayer:
    """Turns plain bytes into records and back; touches no socket by itself."""

    def __init__(self, context: ssl.SSLContext, hostname: str) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(
            self._incoming, self._outgoing, server_hostname=hostname.rstrip(".")
        )

    async def shake_hands(self, sock: socket.socket) -> None:
        """Shake hands over `sock`; raises `ssl.SSLError` or `OSError`."""
        loop = asyncio.get_running_loop()
        while True:
            wants_more = False
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                wants_more = True
            finally:
                # an alert that says why we refuse goes out, too
                if self._outgoing.pending:
                    await loop.sock_sendall(sock, self._outgoing.read())
            if not wants_more:
                return
            data = await loop.sock_recv(sock, _HANDSHAKE_BYTES)
            if not data:
                raise ConnectionResetError("closed in the TLS handshake")
            self._incoming.write(data)

    def seal(self, data: bytes) -> bytes:
        """Return the records that carry `data`."""
        self._tls.write(data)
        return self._outgoing.read()

    def open(self, data: bytes) -> bytes:
        """Return what the records completed by `data` carry; raises `ssl.SSLError`."""
        self._incoming.write(data)
        parts = []
        try:
            while self._incoming.pending or self._tls.pending():
                part = self._tls.read(RECORD_BYTES)
                if not part:
                    break
                parts.append(part)
        except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            pass
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def owed(self) -> bytes:
        """Return what the protocol itself wants sent after `open`, such as a key update."""
        return self._outgoing.read() if self._outgoing.pending else b""
