"""Live counters of a shard: rates over the last second, the latest TTFTs."""

from __future__ import annotations

import contextlib
import statistics
from collections import deque
from collections.abc import Iterator

from domain.samples import Sample
from engine.frames import Live

NS_PER_S = 1_000_000_000
BUCKET_NS = NS_PER_S // 10
TTFTS_KEPT = 50


class Rate:
    """Counts over the last second, in tenths of it."""

    def __init__(self) -> None:
        self._buckets: deque[list[int]] = deque()  # [number of the tenth, count]

    def add(self, at_ns: int, count: int = 1) -> None:
        """Count `count` at `at_ns`."""
        bucket = at_ns // BUCKET_NS
        if self._buckets and self._buckets[-1][0] >= bucket:
            self._buckets[-1][1] += count
        else:
            self._buckets.append([bucket, count])
            self._forget(bucket)

    def per_s(self, now_ns: int) -> float:
        """Return the count of the second that ends now."""
        self._forget(now_ns // BUCKET_NS)
        return float(sum(count for _, count in self._buckets))

    def _forget(self, bucket: int) -> None:
        while self._buckets and self._buckets[0][0] <= bucket - 10:
            self._buckets.popleft()


class LiveMeter:
    """What a shard is doing right now.

    Events are counted as they come over the wire, without looking inside: the few that
    bear no token (role, usage, end mark) are in the live rate, though in no result.
    """

    def __init__(self) -> None:
        self.active_streams = 0
        self._errors = 0
        self._requests = Rate()
        self._events = Rate()
        self._ttfts_ms: deque[float] = deque(maxlen=TTFTS_KEPT)

    @contextlib.contextmanager
    def a_stream(self) -> Iterator[None]:
        """Count a request as in flight for as long as this is open."""
        self.active_streams += 1
        try:
            yield
        finally:
            self.active_streams -= 1

    def on_read(self, arrival_ns: int, data: bytes) -> None:
        """Count the events in bytes that were stamped already."""
        self._events.add(arrival_ns, data.count(b"data:"))

    def on_sample(self, sample: Sample, now_ns: int) -> None:
        """Count a request that has finished."""
        self._requests.add(now_ns)
        if sample.status == "failed":
            self._errors += 1
        if sample.ttft_ms is not None:
            self._ttfts_ms.append(sample.ttft_ms)

    def read(self, now_ns: int) -> Live:
        """Return the figures as they stand."""
        ttfts_ms = self._ttfts_ms
        return Live(
            requests_per_s=self._requests.per_s(now_ns),
            output_tokens_per_s=self._events.per_s(now_ns),
            ttft_p50_ms=statistics.median(ttfts_ms) if ttfts_ms else None,
            active_streams=self.active_streams,
            errors=self._errors,
        )
