"""Where finished requests are written down: a file of JSON lines, and the recent ones."""

from __future__ import annotations

import collections
import logging
import queue
import threading
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from providers.simulator.record import Record

MOST_RECENT: Final = 10_000
MOST_RECENT_BYTES: Final = 64 * 1024 * 1024
_JOIN_S: Final = 5.0

_log = logging.getLogger(__name__)


class TruthLog:
    """Takes records on the loop; a thread of its own waits for the disk."""

    def __init__(self, path: Path) -> None:
        """Open the file at `path` to append to it; raises `OSError`."""
        self._recent: collections.OrderedDict[str, bytes] = collections.OrderedDict()
        self._recent_bytes = 0
        self._encode = msgspec.json.Encoder().encode
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        file = path.open("ab")
        self._thread = threading.Thread(
            target=self._write_all, args=(file,), name="truth-log", daemon=True
        )
        self._thread.start()

    def add(self, record: Record) -> None:
        """Write a record down; with an id, it can be asked for at once."""
        line = self._encode(record)
        self._lines.put(line + b"\n")
        if record.id is not None:
            self._remember(record.id, line)

    def recent(self, record_id: str) -> bytes | None:
        """Return the JSON of the latest record with this id, if it is not too old."""
        return self._recent.get(record_id)

    def close(self) -> None:
        """Wait, for a few seconds, until all is in the file."""
        self._lines.put(None)
        self._thread.join(_JOIN_S)

    def _remember(self, record_id: str, line: bytes) -> None:
        self._recent_bytes += len(line) - len(self._recent.pop(record_id, b""))
        self._recent[record_id] = line
        while len(self._recent) > MOST_RECENT or self._recent_bytes > MOST_RECENT_BYTES:
            self._recent_bytes -= len(self._recent.popitem(last=False)[1])

    def _write_all(self, file: BinaryIO) -> None:
        lines = iter(self._lines.get, None)
        try:
            with file:
                for line in lines:
                    file.write(line)
                    if self._lines.empty():
                        file.flush()
        except OSError as error:
            _log.error("the log ends here, requests go on: %s", error)
            # What nobody writes must not pile up.
            collections.deque(lines, maxlen=0)
