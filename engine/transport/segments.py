"""Whether a read was one TCP segment: then all bytes in it arrived in the same instant.

Linux merges segments that wait to be read and keeps the newest stamp alone. But it counts
every segment, so as long as there were as many as reads, each read was just one.
"""

from __future__ import annotations

import socket
import sys

# `tcpi_data_segs_in` in struct tcp_info, linux/tcp.h; part of the kernel's stable ABI.
_COUNT_AT, _COUNT_END = 152, 156


class SegmentCount:
    """Compares the segments of a connection with the reads that took them.

    Nothing is asked of the kernel until somebody asks here. `full_read` must be told of a
    read that filled its buffer: the rest of a segment may follow in the next.
    """

    __slots__ = ("_segments", "_sock", "_sure", "reads")

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.reads = 0  # since the count in `_segments`; the reader counts them up
        self._segments = 0
        self._sure = False
        self._begin_anew(_segments_of(sock))

    def full_read(self) -> None:
        """Note that reads and segments no longer match."""
        self._sure = False

    def last_read_was_one(self) -> bool:
        """Whether the latest read was a single segment, for certain."""
        counted = _segments_of(self._sock)
        if self._sure and counted is not None and counted - self._segments == self.reads:
            return True
        self._begin_anew(counted)
        return False

    def _begin_anew(self, counted: int | None) -> None:
        self.reads = 0
        self._sure = False
        if counted is not None:
            self._segments = counted
            # what came between the last read and the count belongs to a later read
            self._sure = _is_empty(self._sock)


def _segments_of(sock: socket.socket) -> int | None:
    if sys.platform != "linux":
        return None
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _COUNT_END)
    except OSError:
        return None
    if len(info) < _COUNT_END:
        return None  # a kernel before 4.6
    return int.from_bytes(info[_COUNT_AT:_COUNT_END], sys.byteorder)


def _is_empty(sock: socket.socket) -> bool:
    try:
        sock.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
