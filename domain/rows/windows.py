"""The measured window of a stage, and the part of it in which the load was steady.

All samples are placed on one time axis by their `clock_id`. With more than one clock
(workers on several hosts) there is no such axis: each clock's own window is found, the
longest is the stage's, and no steady window is claimed.
"""

from __future__ import annotations

import collections
import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from domain.rows.truncation import mser5
from domain.samples import Sample
from domain.stages import Closed, Shape

NS_PER_S = 1e9
NS_PER_MS = 1e6


@dataclass(frozen=True, slots=True)
class Window:
    """An interval on one clock, in nanoseconds."""

    from_ns: float
    to_ns: float

    @property
    def length_s(self) -> float:
        """The window's length in seconds."""
        return (self.to_ns - self.from_ns) / NS_PER_S


def stage_window(measured: Sequence[Sample]) -> Window | None:
    """Return the time from the first send to the last token; None if nothing was sent.

    A failed request counts up to its end: that time was spent, too.
    """
    by_clock: dict[str, list[Sample]] = collections.defaultdict(list)
    for sample in measured:
        if sample.sent_at_ns is not None:
            by_clock[sample.clock_id or sample.worker].append(sample)
    windows = [
        Window(min(map(sent_ns, samples)), max(map(_last_ns, samples)))
        for samples in by_clock.values()
    ]
    found = max(windows, key=lambda window: window.length_s, default=None)
    return found if found is not None and found.length_s > 0 else None


def steady_window(measured: Sequence[Sample], shape: Shape) -> Window | None:
    """Return the steady part of a stage; None if there is none.

    Closed: from when every stream had sent its first request until the first stream on
    any worker found no more to send. Open: from where MSER-5 cuts the initial transient
    off the number of requests in flight at each send, until the last send.
    """
    sent = sorted((s for s in measured if s.sent_at_ns is not None), key=sent_ns)
    if len({sample.clock_id or sample.worker for sample in sent}) != 1:
        return None
    window = _closed(sent) if isinstance(shape, Closed) else _open(sent)
    return window if window is not None and window.length_s > 0 else None


def peak_in_flight(measured: Sequence[Sample]) -> int:
    """Return the most requests that were in flight at once, on one clock."""
    changes: list[tuple[float, int]] = []
    for sample in measured:
        if sample.sent_at_ns is not None:
            changes += [(sample.sent_at_ns, 1), (end_ns(sample), -1)]
    peak = now = 0
    for _, change in sorted(changes):  # an end before a send at the same instant
        now += change
        peak = max(peak, now)
    return peak


def sent_ns(sample: Sample) -> int:
    """Return when a request that was sent was sent."""
    assert sample.sent_at_ns is not None
    return sample.sent_at_ns


def end_ns(sample: Sample) -> float:
    """Return when a request that was sent had ended."""
    if sample.stream_end_ms is not None:
        return sent_ns(sample) + sample.stream_end_ms * NS_PER_MS
    return sample.ended_at_ns or sample.last_token_at_ns or sent_ns(sample)


def _last_ns(sample: Sample) -> float:
    if sample.status == "ok" and sample.last_token_at_ns is not None:
        return sample.last_token_at_ns
    return end_ns(sample)


def _closed(sent: Sequence[Sample]) -> Window | None:
    """Each worker has streams of its own: the window is what they all have in common."""
    by_worker: dict[str, list[Sample]] = collections.defaultdict(list)
    for sample in sent:
        by_worker[sample.worker].append(sample)
    windows = [_all_busy(samples) for samples in by_worker.values()]
    if not windows:
        return None
    return Window(max(w.from_ns for w in windows), min(w.to_ns for w in windows))


def _all_busy(sent: Sequence[Sample]) -> Window:
    """Return when all streams of a worker were busy; `sent` is in order of sending.

    The first request of a stream is one that no earlier end made room for.
    """
    first_end_ns = min(map(end_ns, sent))
    firsts = [sent_ns(s) for s in sent if sent_ns(s) < first_end_ns]
    last_sent_ns = sent_ns(sent[-1])
    later_ends = [end_ns(s) for s in sent if end_ns(s) > last_sent_ns]
    from_ns = max(firsts, default=sent_ns(sent[0]))
    to_ns = min(later_ends, default=float(last_sent_ns))
    return Window(from_ns, to_ns)


def _open(sent: Sequence[Sample]) -> Window | None:
    cut = mser5(in_flight_at_sends(sent))
    return None if cut is None else Window(sent_ns(sent[cut]), sent_ns(sent[-1]))


def in_flight_at_sends(sent: Sequence[Sample]) -> list[int]:
    """Return how many others were in flight when each request left, in that order."""
    running: list[float] = []
    counts = []
    for sample in sent:
        while running and running[0] <= sent_ns(sample):
            heapq.heappop(running)
        counts.append(len(running))
        heapq.heappush(running, end_ns(sample))
    return counts


def within(measured: Sequence[Sample], window: Window) -> list[Sample]:
    """Return the requests whose whole life lies in the window."""
    return [
        sample
        for sample in measured
        if sample.sent_at_ns is not None
        and sample.sent_at_ns > window.from_ns
        and end_ns(sample) <= window.to_ns
    ]


def tokens_within(measured: Sequence[Sample], window: Window) -> float | None:
    """Return the output tokens that arrived in the window; None if nobody counted any.

    Single stamps are not kept: a reply's tokens are taken to have come evenly between its
    first and its last one, which errs by at most the unevenness of the replies that cross
    an edge of the window.
    """
    counted = [s for s in measured if s.status == "ok" and s.output_tokens is not None]
    if not counted:
        return None
    return sum(_share_within(s, window) * (s.output_tokens or 0) for s in counted)


def _share_within(sample: Sample, window: Window) -> float:
    if sample.last_token_at_ns is None or sample.ttft_ms is None:
        return 0.0
    last_ns = float(sample.last_token_at_ns)
    first_ns = min(sent_ns(sample) + sample.ttft_ms * NS_PER_MS, last_ns)
    if first_ns == last_ns:
        return float(window.from_ns <= last_ns <= window.to_ns)
    inside_ns = min(last_ns, window.to_ns) - max(first_ns, window.from_ns)
    return max(0.0, inside_ns) / (last_ns - first_ns)


def completed_within(measured: Sequence[Sample], window: Window) -> int:
    """Return how many ok requests ended in the window."""
    return sum(
        window.from_ns <= end_ns(sample) <= window.to_ns
        for sample in measured
        if sample.status == "ok" and sample.sent_at_ns is not None
    )
