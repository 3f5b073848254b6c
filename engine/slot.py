"""A place for one worker process: its shards, and its replacement when it dies."""

from __future__ import annotations

import asyncio
import logging
import socket
from dataclasses import dataclass

from domain.load import Shard, ShardKey
from engine.frames import (
    Abort,
    Counters,
    Ended,
    Finished,
    Go,
    Heartbeat,
    Hello,
    Ready,
    Report,
    Run,
)
from engine.framing import FrameError
from engine.protocol import (
    EngineEvent,
    LiveReported,
    SamplesArrived,
    ShardEnded,
    ShardReady,
    Sink,
    WorkerLost,
    WorkerStatus,
)
from engine.worker_process import WorkerProcess

log = logging.getLogger(__name__)

# The first replacement comes at once; a worker that dies again and again comes ever later.
FIRST_BACKOFF_S = 0.5
LONGEST_BACKOFF_S = 5.0
HEALTHY_AFTER_S = 30.0
ABORTED_WITHIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Placed:
    """A shard that was given to this slot, and who hears of it."""

    shard: Shard
    sink: Sink


class Slot:
    """Keeps at most one worker process, started when the first shard comes.

    Each shard that is run ends with exactly one `ShardEnded` or `WorkerLost`.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._shards: dict[ShardKey, Placed] = {}
        self._process: WorkerProcess | None = None
        self._worker: str | None = None  # its own name, known from its hello on
        self._beat: Heartbeat | None = None
        self._started_s = 0.0
        self._deaths = 0
        self._not_before_s = 0.0
        self._idle = asyncio.Event()

    @property
    def load(self) -> int:
        """The number of shards here."""
        return len(self._shards)

    @property
    def is_ready(self) -> bool:
        """Whether the worker has said hello."""
        return self._worker is not None

    @property
    def is_backing_off(self) -> bool:
        """Whether a replacement must wait because workers died here."""
        return self._loop.time() < self._not_before_s

    @property
    def status(self) -> WorkerStatus | None:
        """The worker, if there is one that takes orders."""
        pid = None if self._process is None else self._process.pid
        if self._worker is None or pid is None:
            return None
        beat = self._beat
        return WorkerStatus(
            id=self._worker,
            pid=pid,
            host=socket.gethostname(),
            cpu_pct=None if beat is None else beat.cpu_pct,
            streams=0 if beat is None else beat.streams,
            loop_lag_ms=None if beat is None else beat.loop_lag_ms,
        )

    def holds(self, key: ShardKey) -> bool:
        """Whether this shard is here and has not ended."""
        return key in self._shards

    def run(self, shard: Shard, sink: Sink) -> None:
        """Take a shard; it begins at once, or with the worker's hello."""
        placed = self._shards[shard.key] = Placed(shard, sink)
        self._idle.clear()
        if self._process is None:
            self._started_s = max(self._loop.time(), self._not_before_s)
            self._process = WorkerProcess(
                self._on_report,
                self._on_gone,
                delay_s=max(0.0, self._not_before_s - self._loop.time()),
            )
        elif self.is_ready:
            self._begin(placed)

    def begin(self, key: ShardKey, at_wall_ns: int) -> None:
        """Let a shard that is here and ready begin its measured part."""
        if key in self._shards and self._process is not None and self.is_ready:
            self._process.send(Go(key=key, at_wall_ns=at_wall_ns))

    def abort(self, key: ShardKey) -> None:
        """Close the shard's sockets now, or forget it if it has not begun."""
        placed = self._shards.get(key)
        if placed is None:
            return
        if self._process is not None and self.is_ready:
            self._process.send(Abort(key=key))
        else:
            self._forget(key)
            self._loop.call_soon(_tell, placed.sink, ShardEnded(key, None))

    async def stop(self) -> None:
        """Abort what runs, let what has finished come, end the process."""
        for key in list(self._shards):
            self.abort(key)
        if self._process is None:
            return
        if self._shards:
            waiting = asyncio.create_task(self._idle.wait())
            await asyncio.wait({waiting}, timeout=ABORTED_WITHIN_S)
            waiting.cancel()
        if self._process is not None:
            await self._process.stop("the engine was stopped")

    def _begin(self, placed: Placed) -> None:
        assert self._process is not None
        try:
            self._process.send(Run(shard=placed.shard))
        except FrameError as error:
            key = placed.shard.key
            self._forget(key)
            self._loop.call_soon(_tell, placed.sink, ShardEnded(key, str(error)))

    def _on_report(self, report: Report) -> None:
        match report:
            case Hello():
                self._worker = report.worker
                for placed in list(self._shards.values()):
                    self._begin(placed)
            case Heartbeat():
                self._beat = report
            case _:
                self._pass_on(report)

    def _pass_on(self, report: Ready | Finished | Counters | Ended) -> None:
        """Turn a shard's report into an event; a shard that is not here has no say."""
        placed = self._shards.get(report.key)
        if placed is None:
            return
        if isinstance(report, Ended):
            self._forget(report.key)
        _tell(placed.sink, _event(report))

    def _on_gone(self, reason: str) -> None:
        now_s = self._loop.time()
        self._deaths = 1 if now_s - self._started_s > HEALTHY_AFTER_S else self._deaths + 1
        self._not_before_s = now_s + _backoff_s(self._deaths)
        # one that died before its hello has no name: each such death is one of its own
        worker = self._worker or f"unnamed {id(self)} {now_s}"
        self._process = self._worker = self._beat = None
        lost, self._shards = self._shards, {}
        self._idle.set()
        for key, placed in lost.items():
            _tell(placed.sink, WorkerLost(key, reason, worker))

    def _forget(self, key: ShardKey) -> None:
        del self._shards[key]
        if not self._shards:
            self._idle.set()


def _event(report: Ready | Finished | Counters | Ended) -> EngineEvent:
    match report:
        case Ready():
            return ShardReady(report.key)
        case Finished():
            return SamplesArrived(report.key, report.samples)
        case Ended():
            return ShardEnded(report.key, report.error)
        case Counters():
            live = report.live
            return LiveReported(
                key=report.key,
                requests_per_s=live.requests_per_s,
                output_tokens_per_s=live.output_tokens_per_s,
                ttft_p50_ms=live.ttft_p50_ms,
                active_streams=live.active_streams,
                errors=live.errors,
            )


def _backoff_s(deaths: int) -> float:
    """Return the pause before a replacement: none, then doubling."""
    if deaths <= 1:
        return 0.0
    return float(min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2 ** min(deaths - 2, 10)))


def _tell(sink: Sink, event: EngineEvent) -> None:
    try:
        sink(event)
    except Exception:
        # One listener's trouble must not end the worker that serves others.
        log.exception("a sink failed on %s", type(event).__name__)
