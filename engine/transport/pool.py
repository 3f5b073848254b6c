"""Kept connections, by origin; as many as there are requests at a time."""

from __future__ import annotations

from collections import defaultdict

from engine.transport.connection import Connection

Origin = tuple[str, str, int]  # scheme, host, port


class Pool:
    """Hands the connection used last out first; forgets those that have closed."""

    def __init__(self) -> None:
        self._idle: defaultdict[Origin, list[Connection]] = defaultdict(list)

    def take(self, origin: Origin) -> Connection | None:
        """Return a connection that still stands, or None."""
        idle = self._idle[origin]
        while idle:
            connection = idle.pop()
            if connection.is_alive():
                return connection
        return None

    def put(self, origin: Origin, connection: Connection) -> None:
        """Keep an idle connection."""
        idle = self._idle[origin]
        if idle and not idle[0].is_open:
            idle[:] = [kept for kept in idle if kept.is_open]
        idle.append(connection)

    def close(self) -> None:
        """Close what is idle."""
        for idle in self._idle.values():
            for connection in idle:
                connection.close()
        self._idle.clear()
