"""A shard's samples on their way to the parent: gathered for a moment, never lost."""

from __future__ import annotations

import asyncio

from domain.load import ShardKey
from domain.samples import Sample
from engine.frames import Finished
from engine.worker_pipes import ReportPipe

MOST_SAMPLES = 64


class Outbox:
    """Sends samples at most `delay_s` after they were put, or when there are many."""

    def __init__(self, key: ShardKey, pipe: ReportPipe, delay_s: float) -> None:
        self._key = key
        self._pipe = pipe
        self._delay_s = delay_s
        self._samples: list[Sample] = []
        self._timer: asyncio.TimerHandle | None = None

    def put(self, sample: Sample) -> None:
        """Take a finished request."""
        self._samples.append(sample)
        if self._delay_s == 0 or len(self._samples) >= MOST_SAMPLES:
            self.flush()
        elif self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._delay_s, self.flush)

    def flush(self) -> None:
        """Send what is here; nothing may be put after the last one."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._samples:
            samples, self._samples = self._samples, []
            self._pipe.send(Finished(key=self._key, samples=samples))
