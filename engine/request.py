"""Sends one request and returns its sample, whatever becomes of it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import httpx
import msgspec

from domain.load import Endpoint, RequestItem, Workload
from domain.measures import NOTHING_MEASURED, NS_PER_MS, Measures, measure
from domain.samples import Sample
from engine.exchange import Exchange, exchange
from engine.prompts import compose
from engine.redaction import Redactor
from engine.transport.reply import OnRead
from engine.verdict import Verdict, judge
from providers.base import Call
from providers.protocols import protocol_of


@dataclass(frozen=True, slots=True)
class Requester:
    """Sends requests of one workload from one worker."""

    client: httpx.AsyncClient
    workload: Workload
    worker: str
    on_read: OnRead

    async def send(self, item: RequestItem, endpoint: Endpoint) -> Sample:
        """Send `item` once; a failure is a sample too, cancellation leaves none."""
        protocol = protocol_of(endpoint)
        redact = Redactor.of(endpoint)
        prompt = await compose(item, self.workload, endpoint.system_prompt)
        asked = msgspec.structs.replace(endpoint, system_prompt=prompt.system)
        call = protocol.build(asked, self.workload, prompt.user)
        started_at_ms = time.time_ns() // 1_000_000
        result, resent = await self._exchange(call)
        verdict = await judge(result, protocol, redact)
        sent = _Sent(started_at_ms, self.worker, call.adjustments, resent)
        return _sample(item, sent, result, verdict, redact)

    async def _exchange(self, call: Call) -> tuple[Exchange, bool]:
        """Carry the call out; again on a new connection if the kept-alive one was dead."""
        deadline_s = asyncio.get_running_loop().time() + self.workload.timeout_s
        result = await self._exchange_once(call, deadline_s)
        if not result.was_stale:
            return result, False
        return await self._exchange_once(call, deadline_s), True

    async def _exchange_once(self, call: Call, deadline_s: float) -> Exchange:
        return await exchange(
            self.client, call, deadline_s=deadline_s, on_read=self.on_read
        )


@dataclass(frozen=True, slots=True)
class _Sent:
    started_at_ms: int
    worker: str
    adjustments: tuple[str, ...]
    resent: bool


def _sample(
    item: RequestItem, sent: _Sent, result: Exchange, verdict: Verdict, redact: Redactor
) -> Sample:
    reply, phases = verdict.reply, result.phases
    usage = reply.usage
    measured = _measure(result, verdict)
    return Sample(
        row=item.row,
        index=item.index,
        warmup=item.warmup,
        status="ok" if verdict.error is None else "failed",
        worker=sent.worker,
        started_at_ms=sent.started_at_ms,
        sent_at_ns=phases.sent_ns,
        last_token_at_ns=measured.last_token_at_ns,
        ttft_ms=measured.ttft_ms,
        ttfa_ms=measured.ttfa_ms,
        itl_ms=measured.itl_ms,
        itl_method=measured.itl_method,
        e2e_ms=measured.e2e_ms,
        stream_end_ms=_stream_end_ms(result),
        dns_ms=phases.dns_ms,
        connect_ms=phases.connect_ms,
        tls_ms=phases.tls_ms,
        gaps_ms=list(measured.gaps_ms),
        stalls=measured.stalls,
        token_events=measured.token_events,
        input_tokens=None if usage is None else usage.input_tokens,
        output_tokens=measured.output_tokens,
        reasoning_tokens=None if usage is None else usage.reasoning_tokens,
        cached_tokens=None if usage is None else usage.cached_tokens,
        token_source=measured.token_source,
        finish_reason=None if reply.finish_reason is None else redact(reply.finish_reason),
        send_lag_ms=None,  # one after the other: there is no intended time to be late for
        rx_lag_ms=None if result.rx_lag_ns is None else result.rx_lag_ns / NS_PER_MS,
        coalesced_first=measured.coalesced_first,
        coalesced_events=measured.coalesced_events,
        clock="user" if result.rx_lag_ns is None else "kernel",
        resent=sent.resent,
        adjustments=list(sent.adjustments),
        error=verdict.error,
        coarse_first=measured.coarse_first,
        coarse_events=measured.coarse_events,
    )


def _measure(result: Exchange, verdict: Verdict) -> Measures:
    t0_ns = result.phases.sent_ns
    if t0_ns is None:
        return NOTHING_MEASURED
    return measure(t0_ns, verdict.reply.events, verdict.reply.usage)


def _stream_end_ms(result: Exchange) -> float | None:
    """Return when the stream's end was read; null if it broke off before."""
    t0_ns = result.phases.sent_ns
    if t0_ns is None or result.broken is not None:
        return None
    return (result.ended_ns - t0_ns) / NS_PER_MS
