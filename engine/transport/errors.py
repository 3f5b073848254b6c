"""What httpx has no exception of its own for.

httpx.RemoteProtocolError
    EndedEarlyError       the peer left before the reply was whole
    ReplyTooLargeError    the reply is over what is held of one
httpx.NetworkError
    StaleConnectionError  a kept connection was dead: the request may be sent again
"""

from __future__ import annotations

import httpx


class EndedEarlyError(httpx.RemoteProtocolError):
    """The peer closed the connection before the reply was whole."""


class ReplyTooLargeError(httpx.RemoteProtocolError):
    """The reply has more bytes, or came in more reads, than are held of one."""


class StaleConnectionError(httpx.NetworkError):
    """A connection used before ended without a single byte of this reply."""
